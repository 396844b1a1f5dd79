//! Service models in the form that botocore ships them, reduced to facts.
//!
//! [`Model`] has no field for documentation, so what is read and written again through it carries none.
//! [`lower`] says what a shape looks like on the wire; the code generator prints that, and [`runtime`] builds it
//! in memory for the protocols' test cases.

pub mod lower;
mod model;
pub mod runtime;

pub use model::{
    ErrorInfo, Http, HttpChecksum, MemberRef, Metadata, Model, Namespace, OperationModel, Shape, ShapeRef,
};
