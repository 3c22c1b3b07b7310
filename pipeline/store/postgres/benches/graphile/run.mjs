// graphile-worker on the same server: node run.mjs <url> <default|batched> <jobs>. Prints {"jobs", "seconds"}.
// Counted from the start of the first job (so its first fetch is a gift) to the last completion in the database.
import { Logger, WorkerPreset, run, runMigrations } from "graphile-worker";
import pg from "pg";

const [url, mode, count] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const pool = new pg.Pool({ connectionString: url });
const batched = { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const worker = { connectionString: url, logger: new Logger(() => () => {}), ...(mode === "batched" ? batched : { concurrentJobs: 10 }) };
const preset = { extends: [WorkerPreset], worker };

await runMigrations({ preset });
const add = `select graphile_worker.add_jobs(array(
  select ('noop', json_build_object('n', n), null, null, null, null, null, null)::graphile_worker.job_spec
  from generate_series($1::int, $2::int) n))`;
for (let n = 1; n <= count; n += 500) await pool.query(add, [n, Math.min(n + 499, count)]);
await pool.query("vacuum analyze graphile_worker._private_jobs");
await pool.query("checkpoint");

let [begun, left] = [0n, count];
const { promise, resolve } = (() => {
  let resolve;
  const promise = new Promise((r) => (resolve = r));
  return { promise, resolve };
})();
const noop = () => {
  if (left === count) begun = process.hrtime.bigint();
  if (--left === 0) resolve();
};
const runner = await run({ preset, taskList: { noop } });
await promise;
await runner.stop();
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
const rest = await pool.query("select count(*)::int as n from graphile_worker._private_jobs");
// Those that it gave back at the stop: it does not wait for every last completion.
if (rest.rows[0].n > 24) throw new Error(`${rest.rows[0].n} jobs are left`);
console.log(JSON.stringify({ jobs: count, seconds }));
await pool.end();
process.exit(0);
