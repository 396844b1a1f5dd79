//! The condition keys of web identity tokens.

use model_sts::ops::AssumeRoleWithWebIdentity;
use oidc::Claims;
use wire::OperationType;

/// Claims that every provider's tokens show as keys (IAM user guide, "Available keys for AWS OIDC federation").
const SHOWN: &[&str] = &["amr", "azp", "sub"];
/// Those that later requests of the session see as well.
const KEPT: &[&str] = &["amr", "aud", "sub"];

/// Keys with their values, for a token of the provider with this name (its URL without the scheme) and those of its
/// audiences that the provider is registered for.
pub fn of(provider: &str, claims: &Claims, audiences: Vec<String>) -> Vec<(String, Vec<String>)> {
    let key = |claim: &str| format!("{provider}:{claim}");
    let mut keys = vec![(key("aud"), audiences)];
    if claims.authorized_party.is_some() {
        // Then `aud` is whom the token was issued to, and this is whom it is for.
        keys.push((key("oaud"), claims.audiences.clone()));
    }
    for (claim, values) in &claims.values {
        if SHOWN.contains(&claim.as_str()) || is_documented(provider, claim) {
            keys.push((key(claim), values.clone()));
        }
    }
    keys
}

/// Names of the keys that a session keeps.
pub fn kept(provider: &str) -> Vec<String> {
    KEPT.iter().map(|claim| format!("{provider}:{claim}")).collect()
}

/// Whether the model lists this claim for this provider, as with the claims of GitHub's tokens.
fn is_documented(provider: &str, claim: &str) -> bool {
    let actions = AssumeRoleWithWebIdentity::descriptor().actions;
    let mut keys = actions.iter().flat_map(|action| action.condition_keys);
    keys.any(|key| {
        let Some((pattern, listed)) = key.split_once(':').filter(|_| !key.starts_with("${")) else {
            return false;
        };
        listed == claim && !matches!(pattern, "aws" | "sts") && names(pattern, provider)
    })
}

/// Whether a pattern with at most one variable (`token.actions.${Domain}.ghe.com`) names a provider.
fn names(pattern: &str, provider: &str) -> bool {
    let Some((start, rest)) = pattern.split_once("${") else { return pattern == provider };
    let Some((_, end)) = rest.split_once('}') else { return false };
    provider.len() > start.len() + end.len() && provider.starts_with(start) && provider.ends_with(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn claims(values: &[(&str, &str)]) -> Claims {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]));
        Claims { values: values.collect(), audiences: vec!["sts.amazonaws.com".into()], ..Claims::default() }
    }

    fn keys(provider: &str, claims: &Claims) -> BTreeMap<String, Vec<String>> {
        of(provider, claims, vec!["x".into()]).into_iter().collect()
    }

    #[test]
    fn the_claims_of_github() {
        let claims = claims(&[
            ("sub", "repo:o/r:ref:refs/heads/main"),
            ("repository", "o/r"),
            ("ref", "refs/heads/main"),
            ("job_workflow_ref", "o/r/.github/workflows/w.yml@refs/heads/main"),
            ("repository_owner", "o"),
            ("jti", "1"),
        ]);
        for provider in [
            "token.actions.githubusercontent.com",
            "token.actions.githubusercontent.com/octo-enterprise",
            "token.actions.octo.ghe.com",
        ] {
            let keys = keys(provider, &claims);
            let names: Vec<&str> = keys.keys().map(|key| key.strip_prefix(provider).unwrap()).collect();
            assert_eq!(names, [":aud", ":job_workflow_ref", ":ref", ":repository", ":sub"]);
        }
        for provider in
            ["example.com", "token.actions.githubusercontent.com.example.com", "token.actions..ghe.com"]
        {
            let keys = keys(provider, &claims);
            let names: Vec<&str> = keys.keys().map(|key| key.strip_prefix(provider).unwrap()).collect();
            assert_eq!(names, [":aud", ":sub"], "{provider}");
        }
    }

    #[test]
    fn whom_it_is_for_and_whom_it_was_issued_to() {
        let mut claims = claims(&[("azp", "app"), ("aud", "sts.amazonaws.com"), ("amr", "authenticated")]);
        claims.authorized_party = Some("app".into());
        let keys = keys("example.com", &claims);
        assert_eq!(keys["example.com:aud"], ["x"]);
        assert_eq!(keys["example.com:oaud"], ["sts.amazonaws.com"]);
        assert_eq!(keys["example.com:azp"], ["app"]);
        assert_eq!(keys["example.com:amr"], ["authenticated"]);
    }
}
