//! What a refused operation says.

use wire::{Protocol, ServiceError};

/// Code and text of a refusal, as this protocol has them. `query_codes` takes the codes that clients of the query protocol
/// know instead.
///
/// # Panics
/// When it is no refusal.
#[track_caller]
pub fn refusal_in<T, E: ServiceError>(
    protocol: Protocol,
    query_codes: bool,
    result: Result<T, E>,
) -> (String, String) {
    let Err(error) = result else { panic!("it was not refused") };
    let fault = error.fault();
    let code = if query_codes { fault.query_code() } else { fault.code(protocol) };
    (code.to_owned(), fault.message(protocol).into_owned())
}

/// Makes the functions by which the tests of a service look at refusals: `refusal` gives code and text, `refused` compares
/// both, `refused_as` the code alone.
///
/// ```
/// testkit::refusals!(model_sqs::Error, wire::Protocol::Json10, query codes);
///
/// let refused: Result<(), _> = Err(model_sqs::Error::queue_does_not_exist("Gone."));
/// assert_eq!(refusal(refused), ("AWS.SimpleQueueService.NonExistentQueue".into(), "Gone.".into()));
/// ```
#[macro_export]
macro_rules! refusals {
    ($error:ty, $protocol:expr) => {
        $crate::refusals!($error, $protocol, false);
    };
    ($error:ty, $protocol:expr, query codes) => {
        $crate::refusals!($error, $protocol, true);
    };
    ($error:ty, $protocol:expr, $query_codes:literal) => {
        /// Code and text.
        #[allow(dead_code)]
        #[track_caller]
        pub fn refusal<T>(result: Result<T, $error>) -> (String, String) {
            $crate::refusal_in($protocol, $query_codes, result)
        }

        #[allow(dead_code)]
        #[track_caller]
        pub fn refused<T>(result: Result<T, $error>, code: &str, text: &str) {
            assert_eq!(refusal(result), (code.to_owned(), text.to_owned()));
        }

        #[allow(dead_code)]
        #[track_caller]
        pub fn refused_as<T>(result: Result<T, $error>, code: &str) {
            assert_eq!(refusal(result).0, code);
        }
    };
}
