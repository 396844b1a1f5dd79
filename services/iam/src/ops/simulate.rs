//! Simulations, and the context keys that they need.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::{Arn, Call};
use model_iam::types::*;
use policy::{Context, PolicyKind};
use service::Allowed;

use crate::error::Error;
use crate::iam::Iam;
use crate::limits::SIMULATED_MAX;
use crate::page::Wanted;
use crate::simulate::source::{self, Holder, Origin, Source};
use crate::simulate::{Caller, Simulation, context, given};

impl Iam {
    pub async fn simulate_custom_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: SimulateCustomPolicyInput,
    ) -> Result<SimulatePolicyResponse, Error> {
        let mut scps = Vec::new();
        for level in input.ordered_organization_policy_input_list.iter().flatten() {
            let documents = level.service_control_policy_input_list.as_deref().unwrap_or_default();
            scps.push(listed(documents, "ServiceControlPolicyInputList", PolicyKind::Scp)?);
        }
        let caller = match &input.caller_arn {
            Some(arn) => caller(arn)?,
            None if input.resource_policy.is_some() => {
                let text = "CallerArn is required with a resource policy.";
                return Err(Error::invalid_input_exception(text));
            }
            None => nobody(&call),
        };
        let request = Asked {
            actions: &input.action_names,
            resources: input.resource_arns,
            boundaries: input.permissions_boundary_policy_input_list,
            resource_policy: input.resource_policy,
            resource_owner: input.resource_owner,
            entries: input.context_entries.unwrap_or_default(),
            wanted: Wanted::new(input.max_items, input.marker.as_deref())?,
        };
        let identity = listed(&input.policy_input_list, "PolicyInputList", PolicyKind::Identity)?;
        request.answer(caller, identity, None, scps)
    }

    pub async fn simulate_principal_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: SimulatePrincipalPolicyInput,
    ) -> Result<SimulatePolicyResponse, Error> {
        let account = &call.account;
        let mut snapshot = self.store.snapshot();
        let holder = source::holder(&mut snapshot, account, &input.policy_source_arn)?;
        let mut identity = holder.sources(&mut snapshot, account)?;
        let mut boundary = holder.boundary(&mut snapshot, account)?;
        for excluded in input.policy_exclusion_list.iter().flatten() {
            identity.retain(|source| !is_excluded(excluded, &source.origin));
            if matches!(excluded, PolicyIdentifier::PolicyType(kind)
                if kind.known() == Some(PolicyIdentifierPolicyType::PermissionBoundary))
            {
                boundary = None;
            }
        }
        let more = input.policy_input_list.unwrap_or_default();
        identity.extend(listed(&more, "PolicyInputList", PolicyKind::Identity)?);
        let caller = match (&input.caller_arn, &holder) {
            (Some(arn), _) => caller(arn)?,
            (None, Holder::Group(_)) if input.resource_policy.is_some() => {
                let text = "CallerArn is required with a resource policy.";
                return Err(Error::invalid_input_exception(text));
            }
            (None, Holder::Group(_)) => nobody(&call),
            (None, _) => caller(&input.policy_source_arn)?,
        };
        let request = Asked {
            actions: &input.action_names,
            resources: input.resource_arns,
            boundaries: input.permissions_boundary_policy_input_list,
            resource_policy: input.resource_policy,
            resource_owner: input.resource_owner,
            entries: input.context_entries.unwrap_or_default(),
            wanted: Wanted::new(input.max_items, input.marker.as_deref())?,
        };
        request.answer(caller, identity, boundary, Vec::new())
    }

    pub async fn get_context_keys_for_custom_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        _: Allowed<()>,
        input: GetContextKeysForCustomPolicyInput,
    ) -> Result<GetContextKeysForPolicyResponse, Error> {
        let sources = listed(&input.policy_input_list, "PolicyInputList", PolicyKind::Identity)?;
        Ok(GetContextKeysForPolicyResponse { context_key_names: Some(keys_of(&sources)) })
    }

    pub async fn get_context_keys_for_principal_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetContextKeysForPrincipalPolicyInput,
    ) -> Result<GetContextKeysForPolicyResponse, Error> {
        let mut snapshot = self.store.snapshot();
        let holder = source::holder(&mut snapshot, &call.account, &input.policy_source_arn)?;
        let mut sources = holder.sources(&mut snapshot, &call.account)?;
        let more = input.policy_input_list.unwrap_or_default();
        sources.extend(listed(&more, "PolicyInputList", PolicyKind::Identity)?);
        Ok(GetContextKeysForPolicyResponse { context_key_names: Some(keys_of(&sources)) })
    }
}

/// What both simulations are asked.
struct Asked<'a> {
    actions: &'a [String],
    resources: Option<Vec<String>>,
    boundaries: Option<Vec<String>>,
    resource_policy: Option<String>,
    resource_owner: Option<String>,
    entries: Vec<ContextEntry>,
    wanted: Wanted,
}

impl Asked<'_> {
    fn answer(
        self,
        caller: Caller,
        identity: Vec<Source>,
        boundary: Option<Source>,
        scps: Vec<Vec<Source>>,
    ) -> Result<SimulatePolicyResponse, Error> {
        let boundary = match self.boundaries.as_deref().unwrap_or_default() {
            [] => boundary,
            [document] => {
                let policy = given(document, PolicyKind::Boundary)?;
                let name = "PermissionsBoundaryPolicyInputList.1".to_owned();
                Some(Source::new(name, Origin::Given, policy, document))
            }
            _ => {
                let text = "Only one permissions boundary can be simulated.";
                return Err(Error::invalid_input_exception(text));
            }
        };
        let resource_policy = match &self.resource_policy {
            None => None,
            Some(document) => {
                let policy = given(document, PolicyKind::Resource)?;
                Some(Source::new("ResourcePolicy".to_owned(), Origin::Given, policy, document))
            }
        };
        let actions = self.actions;
        if let Some(bad) = actions.iter().find(|action| !is_action(action)) {
            return Err(Error::invalid_input_exception(format!("Invalid action name: {bad}")));
        }
        let mut context = Context::new();
        let known = context::fill(&mut context, &self.entries)?;
        let mut asked = BTreeSet::new();
        for source in identity.iter().chain(&boundary).chain(&resource_policy) {
            context::keys(&source.policy, source.document(), &mut asked);
        }
        asked.retain(|key| !known.contains(&key.to_ascii_lowercase()));
        let simulation = Simulation {
            caller,
            identity,
            boundary,
            resource_policy,
            scps,
            resource_owner: self.resource_owner.map(|owner| account_in(&owner)),
            context,
            missing: asked.into_iter().collect(),
        };
        let resources =
            self.resources.filter(|list| !list.is_empty()).unwrap_or_else(|| vec!["*".to_owned()]);
        let mut wanted = self.wanted;
        // An answer may hold less than is wanted: so much is decided at once and no more.
        wanted.max = wanted.max.min((SIMULATED_MAX / resources.len()).max(1));
        let (places, marker) = wanted.places(actions.len())?;
        let results = actions[places].iter().map(|action| simulation.run(action, &resources)).collect();
        Ok(SimulatePolicyResponse {
            evaluation_results: Some(results),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}

fn listed(documents: &[String], list: &str, kind: PolicyKind) -> Result<Vec<Source>, Error> {
    let read = |(place, document): (usize, &String)| {
        let policy = given(document, kind)?;
        Ok(Source::new(format!("{list}.{}", place + 1), Origin::Given, policy, document))
    };
    documents.iter().enumerate().map(read).collect()
}

fn keys_of(sources: &[Source]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for source in sources {
        context::keys(&source.policy, source.document(), &mut found);
    }
    found.into_iter().collect()
}

/// The user, group or role that is simulated.
fn caller(given: &str) -> Result<Caller, Error> {
    let bad = || {
        Error::invalid_input_exception(format!(
            "Invalid Entity Arn: {given} does not clearly define entity type or name."
        ))
    };
    let arn: Arn = given.parse().map_err(|_| bad())?;
    let kinds = ["user/", "group/", "role/"];
    if arn.service() != "iam" || !kinds.iter().any(|kind| arn.resource().starts_with(kind)) {
        return Err(bad());
    }
    let is_role = arn.resource().starts_with("role/");
    Ok(Caller { account: arn.account().to_owned(), arn: given.to_owned(), is_role })
}

/// A caller of whom nothing is known but the account.
fn nobody(call: &Call) -> Caller {
    let arn = crate::arn::of(&call.account, "user/").to_string();
    Caller { account: call.account.clone(), arn, is_role: false }
}

/// An account, given by itself or as the ARN of its root user.
fn account_in(owner: &str) -> String {
    owner.parse::<Arn>().map_or_else(|_| owner.to_owned(), |arn| arn.account().to_owned())
}

/// `service:Name`, without wildcards.
fn is_action(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.split_once(':').is_some_and(|(service, name)| plain(service) && plain(name))
}

fn is_excluded(excluded: &PolicyIdentifier, origin: &Origin) -> bool {
    match (excluded, origin) {
        (PolicyIdentifier::PolicyType(kind), origin) => match (kind.known(), origin) {
            (Some(PolicyIdentifierPolicyType::Inline), Origin::Inline(..)) => true,
            (Some(PolicyIdentifierPolicyType::AwsManaged), Origin::Managed(arn)) => arn.contains("::aws:"),
            (Some(PolicyIdentifierPolicyType::UserManaged), Origin::Managed(arn)) => !arn.contains("::aws:"),
            _ => false,
        },
        (PolicyIdentifier::PolicyArn(pattern), Origin::Managed(arn)) => matches(pattern, arn),
        (PolicyIdentifier::InlinePolicyIdentifier(inline), Origin::Inline(kind, holder, name)) => {
            let kind_is = inline.attachment_type.as_str().eq_ignore_ascii_case(kind);
            kind_is && inline.policy_name.as_str() == name && matches(&inline.attachment_name, holder)
        }
        _ => false,
    }
}

/// Whether `text` is of the form of `pattern`, in which `*` stands for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last star does not fit.
    let mut retry = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            retry = Some((p + 1, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after, from)) = retry {
            retry = Some((after, from + 1));
            p = after;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, is) in [
            ("a*c", "abc", true),
            ("a*c", "abcbc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("a*b*c", "axxbyy", false),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn actions_are_named_in_full() {
        assert!(is_action("s3:GetObject"));
        for text in ["s3", "s3:", "s3:Get*", ":x", "a:b:c"] {
            assert!(!is_action(text), "{text}");
        }
    }
}
