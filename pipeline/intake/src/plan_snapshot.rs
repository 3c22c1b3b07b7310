//! Rules between the fields of a plan snapshot (øyeblikksbilde av plan).

use pipeline_domain::{IopPlan, IpPlan, Measure, PlanSnapshot, SlPlan};

use crate::problems::Problems;
use crate::{goals, period};

pub(crate) fn check(plan: &PlanSnapshot, problems: &mut Problems) {
    match plan {
        PlanSnapshot::Ip(plan) => ip(plan, problems),
        // No goals, no period: nothing in an ES leans on anything else in it.
        PlanSnapshot::Es(_) => {}
        PlanSnapshot::Sl(plan) => sl(plan, problems),
        PlanSnapshot::Iop(plan) => iop(plan, problems),
    }
}

fn ip(plan: &IpPlan, problems: &mut Problems) {
    period::in_order(("/content/plan_period_from", plan.plan_period_from), ("/content/plan_period_to", plan.plan_period_to), problems);
    measures_in_order(&plan.measures, problems);
    let names = goals::names("goals", &plan.goals, problems);
    goals::pointed_to("measures", plan.measures.iter().map(|m| m.goal.as_ref()), &names, problems);
    goals::pointed_to("evaluations", plan.evaluations.iter().map(|e| e.goal.as_ref()), &names, problems);
}

fn measures_in_order(measures: &[Measure], problems: &mut Problems) {
    for (i, measure) in measures.iter().enumerate() {
        if let (Some(start), Some(due)) = (measure.start, measure.due) {
            let field = |name| format!("/content/measures/{i}/{name}");
            period::in_order((&field("start"), start), (&field("due"), due), problems);
        }
    }
}

fn sl(plan: &SlPlan, problems: &mut Problems) {
    let names = goals::names("goals", &plan.goals, problems);
    goals::pointed_to("measures", plan.measures.iter().map(|m| m.goal.as_ref()), &names, problems);
    goals::pointed_to("effect", plan.effect.iter().map(|e| e.goal.as_ref()), &names, problems);
}

fn iop(plan: &IopPlan, problems: &mut Problems) {
    period::school_year(&plan.school_year, problems);
    period::decision(&plan.decision_ref, problems);
    goals::names("main_goals", &plan.main_goals, problems);
}
