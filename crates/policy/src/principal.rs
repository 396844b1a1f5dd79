//! Who makes a request, and whom a policy names.

/// Who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// The root user of an account.
    Root {
        /// 12 digits.
        account: &'a str,
    },
    /// An IAM user with its own keys (or a session of `GetSessionToken`, which is the user itself).
    User {
        /// 12 digits.
        account: &'a str,
        /// `arn:aws:iam::…:user/…`
        arn: &'a str,
        /// Its unique id (`AIDA…`), which stored policies may hold in place of the ARN.
        id: Option<&'a str>,
    },
    /// A session of a role.
    RoleSession {
        /// 12 digits.
        account: &'a str,
        /// `arn:aws:iam::…:role/…`, with its path.
        role_arn: &'a str,
        /// `arn:aws:sts::…:assumed-role/role/session`
        session_arn: &'a str,
        /// The role's unique id (`AROA…`), which stored policies may hold in place of the ARN.
        role_id: Option<&'a str>,
    },
    /// A session of `GetFederationToken`.
    FederatedUser {
        /// 12 digits.
        account: &'a str,
        /// `arn:aws:sts::…:federated-user/…`
        arn: &'a str,
        /// The ARN of the user, or `arn:aws:iam::…:root`, who asked for it.
        parent_arn: &'a str,
    },
    /// An AWS service acting for itself.
    Service {
        /// As in `sns.amazonaws.com`.
        name: &'a str,
    },
    /// Somebody an identity provider vouches for, before any role is assumed.
    Federated {
        /// The provider: its ARN, or a domain as in `accounts.google.com`.
        provider: &'a str,
    },
    /// An unsigned request.
    Anonymous,
}

impl<'a> Principal<'a> {
    /// The account it belongs to, if any.
    pub fn account(&self) -> Option<&'a str> {
        match *self {
            Self::Root { account }
            | Self::User { account, .. }
            | Self::RoleSession { account, .. }
            | Self::FederatedUser { account, .. } => Some(account),
            Self::Service { .. } | Self::Federated { .. } | Self::Anonymous => None,
        }
    }

    /// Whether it has everything in its own account unless something denies it: the root user, and a federated
    /// session of it up to its session policy.
    pub(crate) fn is_root(&self) -> bool {
        match *self {
            Self::Root { .. } => true,
            Self::FederatedUser { account, parent_arn, .. } => {
                account_of_root_arn(parent_arn) == Some(account)
            }
            _ => false,
        }
    }
}

/// How directly a policy names the one who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    /// Not at all.
    None,
    /// By its account: the account may pass the permission on.
    Account,
    /// By the role or user behind the session.
    Behind,
    /// As one of everybody.
    Everybody,
    /// Itself.
    Itself,
}

/// One entry of a `Principal` element.
#[derive(Debug, PartialEq)]
pub(crate) enum Named {
    /// `"*"` or `{"AWS": "*"}`
    Everybody,
    /// An account by its id or root ARN.
    Account(Box<str>),
    /// Any other ARN under `AWS`.
    Arn(Box<str>),
    /// A unique id under `AWS`, which stands for an ARN.
    Id(Box<str>),
    Service(Box<str>),
    Federated(Box<str>),
    CanonicalUser(Box<str>),
}

impl Named {
    /// Reads an entry of the map; nothing if the type has no such principals.
    pub(crate) fn parse(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "AWS" if value == "*" => Some(Self::Everybody),
            // A wildcard never stands for a part of a name.
            _ if value.is_empty() || value.contains(['*', '?']) => None,
            "AWS" => Self::aws(value),
            "Service" => Some(Self::Service(value.into())),
            "Federated" => Some(Self::Federated(value.into())),
            "CanonicalUser" => Some(Self::CanonicalUser(value.into())),
            _ => None,
        }
    }

    fn aws(value: &str) -> Option<Self> {
        if is_account(value) {
            return Some(Self::Account(value.into()));
        }
        if let Some(account) = account_of_root_arn(value) {
            return Some(Self::Account(account.into()));
        }
        if value.len() >= 16 && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Some(Self::Id(value.into()));
        }
        let mut parts = value.splitn(6, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let named = match service {
            "iam" => ["user/", "role/"].iter().any(|kind| has_name(resource, kind)),
            "sts" => ["assumed-role/", "federated-user/"].iter().any(|kind| has_name(resource, kind)),
            _ => false,
        };
        // CloudFront's access identities are users of an account of that name.
        let known_account = is_account(account) || (service == "iam" && account == "cloudfront");
        (arn == "arn" && partition.starts_with("aws") && region.is_empty() && known_account && named)
            .then(|| Self::Arn(value.into()))
    }

    /// Its type and name.
    pub(crate) fn source(&self) -> (&'static str, &str) {
        match self {
            Self::Everybody => ("AWS", "*"),
            Self::Account(name) | Self::Arn(name) | Self::Id(name) => ("AWS", name),
            Self::Service(name) => ("Service", name),
            Self::Federated(name) => ("Federated", name),
            Self::CanonicalUser(name) => ("CanonicalUser", name),
        }
    }

    /// How this entry names the one who asks.
    pub(crate) fn names(&self, principal: &Principal<'_>, canonical_user: Option<&str>) -> Naming {
        let found = |same: bool, naming| if same { naming } else { Naming::None };
        match self {
            Self::Everybody => Naming::Everybody,
            Self::Account(account) => match principal {
                Principal::Root { account: own } => found(**account == **own, Naming::Itself),
                Principal::FederatedUser { account: own, .. } if principal.is_root() => {
                    found(**account == **own, Naming::Behind)
                }
                _ => found(principal.account() == Some(account), Naming::Account),
            },
            Self::Arn(arn) => match *principal {
                Principal::User { arn: own, .. } => found(**arn == *own, Naming::Itself),
                Principal::RoleSession { role_arn, session_arn, .. } => {
                    found(**arn == *session_arn, Naming::Itself)
                        .max(found(**arn == *role_arn, Naming::Behind))
                }
                Principal::FederatedUser { arn: own, parent_arn, .. } => {
                    found(**arn == *own, Naming::Itself).max(found(**arn == *parent_arn, Naming::Behind))
                }
                _ => Naming::None,
            },
            Self::Id(id) => match *principal {
                Principal::User { id: Some(own), .. } => found(**id == *own, Naming::Itself),
                Principal::RoleSession { role_id: Some(own), .. } => found(**id == *own, Naming::Behind),
                _ => Naming::None,
            },
            Self::Service(service) => {
                found(matches!(principal, Principal::Service { name } if **service == **name), Naming::Itself)
            }
            Self::Federated(provider) => found(
                matches!(principal, Principal::Federated { provider: own } if **provider == **own),
                Naming::Itself,
            ),
            // A canonical id is another name of an account.
            Self::CanonicalUser(id) => match principal {
                Principal::Root { .. } => found(canonical_user == Some(id), Naming::Itself),
                _ => found(principal.account().is_some() && canonical_user == Some(id), Naming::Account),
            },
        }
    }
}

fn has_name(resource: &str, kind: &str) -> bool {
    resource.strip_prefix(kind).is_some_and(|name| !name.is_empty())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The account of `arn:aws:iam::123456789012:root`.
fn account_of_root_arn(arn: &str) -> Option<&str> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
    let account = rest.strip_prefix("iam::")?.strip_suffix(":root")?;
    (partition.starts_with("aws") && is_account(account)).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "arn:aws:iam::111122223333:user/ann";
    const ROLE: &str = "arn:aws:iam::111122223333:role/path/app";
    const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/one";

    #[test]
    fn entries_are_read_or_refused() {
        for good in [
            "*",
            "111122223333",
            USER,
            ROLE,
            SESSION,
            "AIDACKCEVSQ6C2EXAMPLE",
            "arn:aws-cn:iam::111122223333:root",
        ] {
            assert!(Named::parse("AWS", good).is_some(), "{good}");
        }
        for bad in [
            "",
            "ann",
            "1111",
            "arn:aws:iam::111122223333:user/*",
            "arn:aws:iam::111122223333:group/g",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam:us-east-1:111122223333:user/ann",
            "arn:aws:s3:::bucket",
            "arn:aws:iam::1:root",
            "arn:aws:sts::111122223333:user/x",
        ] {
            assert_eq!(Named::parse("AWS", bad), None, "{bad}");
        }
        assert_eq!(Named::parse("Service", "*"), None);
        assert_eq!(Named::parse("aws", "*"), None);
    }

    #[test]
    fn how_each_principal_is_named() {
        let user = Principal::User { account: "111122223333", arn: USER, id: Some("AIDACKCEVSQ6C2EXAMPLE") };
        let session = Principal::RoleSession {
            account: "111122223333",
            role_arn: ROLE,
            session_arn: SESSION,
            role_id: Some("AROACKCEVSQ6C2EXAMPLE"),
        };
        let root = Principal::Root { account: "111122223333" };
        let federated = Principal::FederatedUser {
            account: "111122223333",
            arn: "arn:aws:sts::111122223333:federated-user/f",
            parent_arn: USER,
        };
        let service = Principal::Service { name: "sns.amazonaws.com" };
        let table = [
            ("AWS", USER, user, Naming::Itself),
            ("AWS", "arn:aws:iam::111122223333:user/Ann", user, Naming::None),
            ("AWS", "AIDACKCEVSQ6C2EXAMPLE", user, Naming::Itself),
            ("AWS", "111122223333", user, Naming::Account),
            ("AWS", "arn:aws:iam::111122223333:root", session, Naming::Account),
            ("AWS", "arn:aws:iam::111122223333:root", root, Naming::Itself),
            ("AWS", "444455556666", root, Naming::None),
            ("AWS", ROLE, session, Naming::Behind),
            ("AWS", "AROACKCEVSQ6C2EXAMPLE", session, Naming::Behind),
            ("AWS", SESSION, session, Naming::Itself),
            ("AWS", USER, federated, Naming::Behind),
            ("AWS", "*", Principal::Anonymous, Naming::Everybody),
            ("AWS", "111122223333", Principal::Anonymous, Naming::None),
            ("Service", "sns.amazonaws.com", service, Naming::Itself),
            ("Service", "sqs.amazonaws.com", service, Naming::None),
            ("CanonicalUser", "79a59df9", user, Naming::Account),
            ("CanonicalUser", "79a59df9", Principal::Anonymous, Naming::None),
            (
                "Federated",
                "accounts.google.com",
                Principal::Federated { provider: "accounts.google.com" },
                Naming::Itself,
            ),
        ];
        for (kind, value, principal, naming) in table {
            let named = Named::parse(kind, value).unwrap();
            assert_eq!(named.names(&principal, Some("79a59df9")), naming, "{kind} {value} {principal:?}");
        }
    }
}
