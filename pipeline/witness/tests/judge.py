"""Judges a log with aics-tlog. Arguments: the log's folder, its verifier key, a file of proofs (JSON)."""

import json
import sys
from pathlib import Path

from aics_tlog.checkpoint import parse_checkpoint, verify_checkpoint
from aics_tlog.hashing import leaf_hash
from aics_tlog.note import parse_note, parse_vkey
from aics_tlog.tiles import (
    FileSystemTileReader,
    consistency_proof_from_tiles,
    inclusion_proof_from_tiles,
    read_entry,
    tree_root_from_tiles,
)
from aics_tlog.tree import MerkleTree, verify_consistency, verify_inclusion
from aics_tlog.verified import audit_tiles

folder, vkey, proofs = sys.argv[1:]
note = parse_note((Path(folder) / "checkpoint").read_text(encoding="utf-8"))
key = parse_vkey(vkey)
verdict = verify_checkpoint(note, key, expected_origin=key.name)
assert verdict.ok, verdict.error
size, root = verdict.size, verdict.root
reader = FileSystemTileReader(folder)
report = audit_tiles(reader, size, root)
assert report.size == size
entries = [read_entry(reader, index, size) for index in range(size)]
tree = MerkleTree(entries)
assert tree.root() == root and tree_root_from_tiles(reader, size) == root

given = json.loads(Path(proofs).read_text(encoding="utf-8"))
for proof in given["inclusion"]:
    path = [bytes.fromhex(h) for h in proof["path"]]
    entry, at = entries[proof["index"]], proof["size"]
    assert verify_inclusion(leaf_hash(entry), proof["index"], at, path, tree.root(at)), proof
    assert path == tree.inclusion_proof(proof["index"], at), proof
    assert not verify_inclusion(leaf_hash(entry + b" "), proof["index"], at, path, tree.root(at))
    if at == size:
        assert path == inclusion_proof_from_tiles(reader, proof["index"], at), proof
for proof in given["consistency"]:
    path = [bytes.fromhex(h) for h in proof["path"]]
    old, new = proof["old"], proof["new"]
    assert bytes.fromhex(proof["old_root"]) == tree.root(old), proof
    assert verify_consistency(old, new, tree.root(old), tree.root(new), path), proof
    if new == size and old > 0:
        assert path == consistency_proof_from_tiles(reader, old, new), proof
print("judged", size, report.tiles, report.bundles, len(given["inclusion"]), len(given["consistency"]))
