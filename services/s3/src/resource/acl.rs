//! What an access control list gives a caller.

use kernel::{Call, PrincipalKind};
use policy::AclGrant;

use crate::logging::is_logger;
use crate::records::{Acl, Grantee, Permission};

/// What `acl` gives. Where lists that are open to the public are to be ignored, such entries give nothing.
pub fn given(acl: &Acl, wanted: Permission, call: &Call, ignore_public: bool) -> AclGrant {
    let anonymous = call.principal.kind == PrincipalKind::Anonymous;
    let mut given = AclGrant::Nothing;
    for grant in &acl.grants {
        if grant.permission != wanted && grant.permission != Permission::FullControl {
            continue;
        }
        match &grant.grantee {
            Grantee::AllUsers if !ignore_public => return AclGrant::Everybody,
            // A service has no account that would have to agree.
            Grantee::LogDelivery if is_logger(call) => return AclGrant::Everybody,
            Grantee::AuthenticatedUsers if !ignore_public && !anonymous => given = AclGrant::Account,
            Grantee::Account(account) if !anonymous && *account == call.principal.account => {
                given = AclGrant::Account;
            }
            _ => {}
        }
    }
    given
}
