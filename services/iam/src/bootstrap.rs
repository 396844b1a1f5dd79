//! The first credentials of an account, for whoever starts Cloudlet.

use identity::keys;
use identity::records::User;
use kernel::{Ids, Timestamp};
use store::Store;
use vault::Vault;
use zeroize::Zeroizing;

use crate::attach;
use crate::error::Error;
use crate::limits::USERS;
use crate::ops::access_keys::NewKey;
use crate::quota;
use crate::read::Reader as _;
use crate::resource::Owner;

/// The name of the user that is made.
const ADMINISTRATOR: &str = "administrator";
const POLICY: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// A key that was made; its secret is not shown again.
pub struct Made {
    /// The user's name; none for the root user.
    pub user: Option<String>,
    /// `AKIA…`
    pub access_key_id: String,
    /// 40 characters.
    pub secret: Zeroizing<String>,
}

/// Makes the user `administrator`, who may do everything in the account, with an access key. `None`: the user is there
/// already.
///
/// # Errors
/// When the store cannot keep it, or the account has as many users as it may.
pub async fn administrator(
    store: &Store,
    vault: &Vault,
    ids: Ids,
    account: &str,
    now: Timestamp,
) -> Result<Option<Made>, Error> {
    let key = NewKey::new(ids, vault);
    let id = format!("AIDA{}", ids.base32(17));
    let made = store
        .transact(|tx| {
            if tx.bytes(&keys::user(account, ADMINISTRATOR))?.is_some() {
                return Ok::<bool, Error>(false);
            }
            quota::take(tx, account, "user", "UsersPerAccount", USERS)?;
            let mut user = User::new(ADMINISTRATOR, "/", id.clone(), now.millis());
            attach::attach(tx, account, &mut user.policies, POLICY, "user", ADMINISTRATOR)?;
            crate::ops::users::add(tx, account, &user);
            key.give(tx, account, &Owner::User(ADMINISTRATOR.to_owned()), now)?;
            Ok(true)
        })
        .await?;
    let user = Some(ADMINISTRATOR.to_owned());
    Ok(made.then_some(Made { user, access_key_id: key.id, secret: key.secret }))
}

/// Makes an access key of an account's root user.
///
/// # Errors
/// When the store cannot keep it, or the root user has two keys already.
pub async fn root_key(
    store: &Store,
    vault: &Vault,
    ids: Ids,
    account: &str,
    now: Timestamp,
) -> Result<Made, Error> {
    let key = NewKey::new(ids, vault);
    store.transact(|tx| key.give(tx, account, &Owner::Root, now)).await?;
    Ok(Made { user: None, access_key_id: key.id, secret: key.secret })
}
