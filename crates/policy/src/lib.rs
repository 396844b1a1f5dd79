//! The IAM policy language and its evaluation: pure functions, without I/O, clock or randomness.
//!
//! A document is parsed once into a [`Policy`]; [`evaluate`] then decides a [`Request`] from the [`Policies`] that
//! have a say, and names the statement that decided. Evaluation cannot fail: whatever it cannot tell, it does not
//! allow.
//!
//! ```
//! use policy::{Context, Policies, Policy, PolicyKind, PolicyRef, Principal, Request, evaluate};
//!
//! let document = br#"{"Version": "2012-10-17", "Statement": {
//!     "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::docs/${aws:username}/*"}}"#;
//! let policy = Policy::parse(document, PolicyKind::Identity)?;
//! let mut context = Context::new();
//! context.set("aws:username", "ann");
//! let ann = Principal::User { account: "111122223333", arn: "arn:aws:iam::111122223333:user/ann", id: None };
//! let request = Request::new(ann, "s3:GetObject", "arn:aws:s3:::docs/ann/note.txt", &context);
//! let identity = [PolicyRef { name: "home", policy: &policy }];
//! let decision = evaluate(&request, &Policies { identity: &identity, ..Policies::default() });
//! assert!(decision.is_allowed());
//! # Ok::<(), policy::PolicyError>(())
//! ```

mod action;
mod cidr;
mod condition;
mod context;
mod date;
mod decision;
mod error;
mod evaluate;
mod json;
pub mod limits;
mod number;
mod operator;
mod parse;
mod pattern;
mod policy;
mod principal;
mod resource;
mod statement;
mod variable;

pub use context::{Context, Gathered, Key, Keys, Value};
pub use decision::{Decision, Reason, StatementRef, Verdict};
pub use error::PolicyError;
pub use evaluate::{AclGrant, Policies, PolicyRef, Request, evaluate, evaluate_trust};
pub use policy::{Policy, PolicyKind, Version};
pub use principal::Principal;
pub use statement::{Effect, Statement};
