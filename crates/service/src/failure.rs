//! Errors inside transactions: the store's, and those that an operation answers with.

/// Makes the type `Failure` of a service: why a transaction ended without a commit. It is what `?` makes of the store's
/// errors and of the service's own, and becomes the service's error, a store's through `$of_store`. Further variants stand
/// behind, with what is answered instead.
///
/// ```
/// fn of_store(error: store::Error) -> model_sqs::Error {
///     error.into()
/// }
///
/// service::failure!(model_sqs::Error, of_store);
///
/// let gone = Failure::from(model_sqs::Error::queue_does_not_exist("Gone."));
/// assert!(matches!(model_sqs::Error::from(gone), model_sqs::Error::QueueDoesNotExist(_)));
/// ```
#[macro_export]
macro_rules! failure {
    ($error:ty, $of_store:path $(, $(#[$doc:meta])* $variant:ident => $instead:expr)* $(,)?) => {
        /// Why a transaction ended without a commit.
        #[derive(Debug)]
        pub enum Failure {
            /// The store's answer.
            Store(::store::Error),
            /// The operation's answer.
            Api(::std::boxed::Box<$error>),
            $($(#[$doc])* $variant,)*
        }

        impl ::std::convert::From<::store::Error> for Failure {
            fn from(error: ::store::Error) -> Self {
                Self::Store(error)
            }
        }

        impl ::std::convert::From<::store::KeyError> for Failure {
            fn from(error: ::store::KeyError) -> Self {
                Self::Store(error.into())
            }
        }

        impl ::std::convert::From<::store::RecordError> for Failure {
            fn from(error: ::store::RecordError) -> Self {
                Self::Store(error.into())
            }
        }

        impl ::std::convert::From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Api(::std::boxed::Box::new(error))
            }
        }

        impl ::std::convert::From<Failure> for $error {
            fn from(failure: Failure) -> Self {
                match failure {
                    Failure::Api(error) => *error,
                    Failure::Store(error) => $of_store(error),
                    $(Failure::$variant => $instead,)*
                }
            }
        }
    };
}
