//! Whether somebody could do something: the engine that decides requests, asked about requests that nobody makes.

pub mod context;
pub mod source;

use std::collections::{BTreeMap, BTreeSet};

use model_iam::types::*;
use policy::{
    Context, Decision, Policies, Policy, PolicyKind, PolicyRef, Principal, Request, Verdict, evaluate,
};
use wire::Open;

use self::source::Source;
use crate::error::Error;

/// The caller that is simulated.
pub struct Caller {
    pub account: String,
    pub arn: String,
    pub is_role: bool,
}

impl Caller {
    fn principal(&self) -> Principal<'_> {
        let (account, arn) = (self.account.as_str(), self.arn.as_str());
        if self.is_role {
            Principal::RoleSession { account, role_arn: arn, session_arn: arn, role_id: None }
        } else {
            Principal::User { account, arn, id: None }
        }
    }
}

/// All that is the same for every action and resource.
pub struct Simulation<'a> {
    pub caller: Caller,
    pub identity: Vec<Source>,
    pub boundary: Option<Source>,
    pub resource_policy: Option<Source>,
    /// Service control policies by level.
    pub scps: Vec<Vec<Source>>,
    /// Owns resources whose ARNs name no account.
    pub resource_owner: Option<String>,
    pub context: Context<'a>,
    /// The keys that the policies ask for and the context does not have.
    pub missing: Vec<String>,
}

/// What is decided of one action and one resource.
struct Outcome {
    decision: PolicyEvaluationDecisionType,
    matched: Vec<Statement>,
    boundary: Option<bool>,
    organizations: Option<bool>,
    /// Between accounts: what each kind of policy says.
    details: BTreeMap<String, Open<PolicyEvaluationDecisionType>>,
}

impl Simulation<'_> {
    /// What is decided of an action on each of these resources, and altogether.
    pub fn run(&self, action: &str, resources: &[String]) -> EvaluationResult {
        let all: Vec<(&String, Outcome)> =
            resources.iter().map(|resource| (resource, self.decide(action, resource))).collect();
        let strictest = all.iter().map(|(_, outcome)| outcome.decision).max_by_key(|it| severity(*it));
        let decision = strictest.unwrap_or(PolicyEvaluationDecisionType::ImplicitDeny);
        let mut matched: Vec<Statement> = Vec::new();
        let mut seen = BTreeSet::new();
        for (_, outcome) in all.iter().filter(|(_, outcome)| outcome.decision == decision) {
            for statement in &outcome.matched {
                let start = statement.start_position.as_ref();
                let at = start.map(|position| (position.line, position.column));
                if seen.insert((statement.source_policy_id.clone(), at)) {
                    matched.push(statement.clone());
                }
            }
        }
        let named = resources != ["*"];
        let whole = |pick: fn(&Outcome) -> Option<bool>| {
            let mut known = all.iter().filter_map(|(_, outcome)| pick(outcome)).peekable();
            known.peek().is_some().then(|| known.all(|allowed| allowed))
        };
        let missing = Some(self.missing.clone());
        EvaluationResult {
            eval_action_name: Some(action.to_owned()),
            eval_resource_name: Some(match resources {
                [only] => only.clone(),
                _ => "*".to_owned(),
            }),
            eval_decision: Some(decision.into()),
            matched_statements: Some(matched),
            missing_context_values: missing.clone(),
            organizations_decision_detail: whole(|outcome| outcome.organizations)
                .map(|allowed| OrganizationsDecisionDetail { allowed_by_organizations: Some(allowed) }),
            permissions_boundary_decision_detail: whole(|outcome| outcome.boundary).map(boundary_detail),
            eval_decision_details: named.then(|| strictest_details(&all)),
            resource_specific_results: named.then(|| {
                let show = |(resource, outcome): (&String, Outcome)| ResourceSpecificResult {
                    eval_resource_name: Some(resource.clone()),
                    eval_resource_decision: Some(outcome.decision.into()),
                    matched_statements: Some(outcome.matched),
                    missing_context_values: missing.clone(),
                    eval_decision_details: Some(outcome.details),
                    permissions_boundary_decision_detail: outcome.boundary.map(boundary_detail),
                };
                all.into_iter().map(show).collect()
            }),
        }
    }

    fn decide(&self, action: &str, resource: &str) -> Outcome {
        let named = resource.parse::<kernel::Arn>().ok().map(|arn| arn.account().to_owned());
        let owner = named.filter(|account| !account.is_empty()).or_else(|| self.resource_owner.clone());
        let mut request = Request::new(self.caller.principal(), action, resource, &self.context);
        let crosses = owner.as_ref().is_some_and(|owner| *owner != self.caller.account);
        if let Some(owner) = &owner {
            request = request.owned_by(owner);
        }
        let identity: Vec<PolicyRef<'_>> = self.identity.iter().map(Source::as_ref).collect();
        let boundary = self.boundary.as_ref().map(Source::as_ref);
        let of_resource = self.resource_policy.as_ref().map(Source::as_ref);
        let levels: Vec<Vec<PolicyRef<'_>>> =
            self.scps.iter().map(|level| level.iter().map(Source::as_ref).collect()).collect();
        let scps: Vec<&[PolicyRef<'_>]> = levels.iter().map(Vec::as_slice).collect();
        let policies =
            Policies { identity: &identity, boundary, session: &[], resource: of_resource, scps: &scps };
        let decision = evaluate(&request, &policies);
        // Each policy is asked alone as well: which of them agree with the whole, and what limits say by themselves.
        let alone = Request { resource_account: None, ..request };
        let ask = |policy: PolicyRef<'_>| {
            let one = [policy];
            evaluate(&alone, &Policies { identity: &one, ..Policies::default() }).verdict
        };
        let details = if crosses {
            let own = evaluate(&alone, &Policies { resource: None, ..policies });
            let other = Policies { resource: of_resource, ..Policies::default() };
            let theirs = evaluate(&Request { resource_account: None, ..request }, &other);
            BTreeMap::from([
                ("IAM Policy".to_owned(), word(own.verdict).into()),
                ("Resource Policy".to_owned(), word(theirs.verdict).into()),
            ])
        } else {
            BTreeMap::new()
        };
        Outcome {
            decision: word(decision.verdict),
            matched: self.matched(&decision, &alone),
            boundary: boundary.map(|policy| ask(policy) == Verdict::Allow),
            organizations: (!scps.is_empty()).then(|| {
                scps.iter().all(|level| {
                    let verdicts: Vec<Verdict> = level.iter().map(|policy| ask(*policy)).collect();
                    verdicts.contains(&Verdict::Allow) && !verdicts.contains(&Verdict::ExplicitDeny)
                })
            }),
            details,
        }
    }

    /// The statements that brought a decision about: the one that denies, or one of each policy that allows.
    fn matched(&self, decision: &Decision<'_>, alone: &Request<'_>) -> Vec<Statement> {
        match (decision.verdict, decision.by) {
            (Verdict::ImplicitDeny, _) | (_, None) => Vec::new(),
            (Verdict::ExplicitDeny, Some(by)) => {
                let mut all = self.identity.iter().chain(&self.boundary).chain(&self.resource_policy);
                let source = all.find(|source| source.name == by.policy && plays(source, by.kind));
                source.map(|source| source.statement(by.index)).into_iter().collect()
            }
            (Verdict::Allow, Some(_)) => {
                let mut found = Vec::new();
                for source in &self.identity {
                    let one = [source.as_ref()];
                    let said = evaluate(alone, &Policies { identity: &one, ..Policies::default() });
                    if let (Verdict::Allow, Some(by)) = (said.verdict, said.by) {
                        found.push(source.statement(by.index));
                    }
                }
                if let Some(source) = &self.resource_policy {
                    let resource = Some(source.as_ref());
                    let said = evaluate(alone, &Policies { resource, ..Policies::default() });
                    if let (Verdict::Allow, Some(by)) = (said.verdict, said.by) {
                        found.push(source.statement(by.index));
                    }
                }
                found
            }
        }
    }
}

fn plays(source: &Source, kind: PolicyKind) -> bool {
    (source.policy.kind() == PolicyKind::Resource) == (kind == PolicyKind::Resource)
}

fn boundary_detail(allowed: bool) -> PermissionsBoundaryDecisionDetail {
    PermissionsBoundaryDecisionDetail { allowed_by_permissions_boundary: Some(allowed) }
}

fn word(verdict: Verdict) -> PolicyEvaluationDecisionType {
    match verdict {
        Verdict::Allow => PolicyEvaluationDecisionType::Allowed,
        Verdict::ExplicitDeny => PolicyEvaluationDecisionType::ExplicitDeny,
        Verdict::ImplicitDeny => PolicyEvaluationDecisionType::ImplicitDeny,
    }
}

fn severity(decision: PolicyEvaluationDecisionType) -> u8 {
    match decision {
        PolicyEvaluationDecisionType::Allowed => 0,
        PolicyEvaluationDecisionType::ImplicitDeny => 1,
        PolicyEvaluationDecisionType::ExplicitDeny => 2,
    }
}

fn strictest_details(all: &[(&String, Outcome)]) -> BTreeMap<String, Open<PolicyEvaluationDecisionType>> {
    let mut strictest: BTreeMap<String, PolicyEvaluationDecisionType> = BTreeMap::new();
    for (name, decision) in all.iter().flat_map(|(_, outcome)| &outcome.details) {
        let Some(decision) = decision.known() else { continue };
        let entry = strictest.entry(name.clone()).or_insert(decision);
        if severity(decision) > severity(*entry) {
            *entry = decision;
        }
    }
    strictest.into_iter().map(|(name, decision)| (name, decision.into())).collect()
}

/// A document that the caller gives for a simulation.
pub fn given(document: &str, kind: PolicyKind) -> Result<Policy, Error> {
    Policy::parse(document.as_bytes(), kind)
        .map_err(|error| Error::invalid_input_exception(error.message().to_owned()))
}
