//! Each failure has its documented code, status and text.

mod common;

use common::{S3_SECRET, S3_TIME, SUITE_TIME, headers, signed};
use http::HeaderMap;
use sigv4::Dialect::{Ec2, Json, Query, RestJson, S3};
use sigv4::{
    AuthError, Credentials, Expected, PayloadToSign, Policy, Presented, Request, SignError, Signer,
    SigningKey,
};

const CREDENTIAL: &str = "AKID/20150830/us-east-1/sqs/aws4_request";
const DATE: (&str, &str) = ("x-amz-date", "20150830T123600Z");
const HOST: (&str, &str) = ("host", "h");
const HASH: (&str, &str) = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD");

fn parse(query: &str, list: &[(&str, &str)], policy: &Policy) -> Result<Presented, AuthError> {
    let headers = headers(list);
    sigv4::parse(&Request { method: "GET", path: "/", query, headers: &headers }, policy)
}

fn refused(query: &str, list: &[(&str, &str)], policy: &Policy) -> AuthError {
    parse(query, list, policy).expect_err("must be refused")
}

fn header_refused(authorization: &str, policy: &Policy) -> AuthError {
    refused("", &[HOST, DATE, HASH, ("authorization", authorization)], policy)
}

fn authorization(credential: &str, signed_headers: &str) -> String {
    let signature = "0".repeat(64);
    format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}")
}

fn presigned(change: impl Fn(&str, &str) -> Option<String>) -> String {
    let parameters = [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", CREDENTIAL),
        ("X-Amz-Date", "20150830T123600Z"),
        ("X-Amz-Expires", "300"),
        ("X-Amz-SignedHeaders", "host"),
        ("X-Amz-Signature", "00"),
    ];
    let kept = parameters.map(|(name, value)| change(name, value).map(|value| format!("{name}={value}")));
    kept.into_iter().flatten().collect::<Vec<_>>().join("&")
}

fn with(parameter: &str, new: &str) -> String {
    presigned(|name, value| Some(if name == parameter { new } else { value }.to_owned()))
}

fn verify(list: &[(&str, &str)], now: i64, policy: &Policy) -> Result<(), AuthError> {
    let headers = headers(list);
    let req = Request { method: "GET", path: "/", query: "", headers: &headers };
    let key = SigningKey::derive("secret", "20150830", "us-east-1", "sqs");
    signed(&req, policy).verify(&req, &key, Some(&[0; 32]), now, policy).map(|_| ())
}

#[test]
fn no_credentials_is_anonymous_and_may_be_refused() {
    assert!(matches!(parse("a=1&b", &[HOST], &Policy::S3), Ok(Presented::Anonymous)));
    let error = AuthError::MissingAuthenticationToken;
    assert_eq!((error.code(Json), error.status(Json)), ("MissingAuthenticationTokenException", 400));
    assert_eq!((error.code(RestJson), error.status(RestJson)), ("MissingAuthenticationTokenException", 403));
    assert_eq!((error.code(Query), error.status(Query)), ("MissingAuthenticationToken", 403));
    assert_eq!((error.code(S3), error.status(S3)), ("AccessDenied", 403));
    assert_eq!(error.message(Query), "Request is missing Authentication Token");
    assert_eq!(error.message(RestJson), "Missing Authentication Token");
}

#[test]
fn what_the_caller_finds_out_is_answered_too() {
    let unknown = AuthError::InvalidClientTokenId { access_key: "AKID".to_owned() };
    assert_eq!((unknown.code(Json), unknown.status(Json)), ("UnrecognizedClientException", 400));
    assert_eq!((unknown.code(Query), unknown.status(Query)), ("InvalidClientTokenId", 403));
    assert_eq!((unknown.code(Ec2), unknown.status(Ec2)), ("AuthFailure", 401));
    assert_eq!((unknown.code(S3), unknown.status(S3)), ("InvalidAccessKeyId", 403));
    assert_eq!(unknown.message(Query), "The security token included in the request is invalid.");
    assert_eq!(unknown.message(Ec2), "AWS was not able to validate the provided access credentials");
    assert_eq!(unknown.s3_fields(), [("AWSAccessKeyId", "AKID".to_owned())]);
    let expired = AuthError::ExpiredToken;
    assert_eq!((expired.code(RestJson), expired.status(RestJson)), ("ExpiredTokenException", 403));
    assert_eq!((expired.code(Query), expired.status(Query)), ("ExpiredToken", 403));
    assert_eq!((expired.code(Ec2), expired.status(Ec2)), ("RequestExpired", 400));
    assert_eq!((expired.code(S3), expired.status(S3)), ("ExpiredToken", 400));
    assert_eq!(expired.message(S3), "The provided token has expired.");
    let invalid = AuthError::InvalidToken;
    assert_eq!((invalid.code(Query), invalid.code(S3)), ("InvalidClientTokenId", "InvalidToken"));
}

#[test]
fn two_mechanisms_at_once_are_refused() {
    let list = [HOST, DATE, HASH, ("authorization", "AWS4-HMAC-SHA256 x")];
    let error = refused(&with("", ""), &list, &Policy::S3);
    assert_eq!(error, AuthError::TwoMechanisms);
    assert_eq!((error.code(S3), error.status(S3)), ("InvalidArgument", 400));
    assert!(error.message(S3).starts_with("Only one auth mechanism allowed; "));
    assert_eq!(error.code(Json), "InvalidSignatureException");
    assert!(error.message(Json).starts_with("Found both 'X-Amz-Algorithm' as a query-string param"));
}

#[test]
fn the_rules_are_those_of_the_service_that_is_named() {
    let rules = |service: Option<&str>| match service {
        Some("s3") | None => &Policy::S3,
        Some(_) => &Policy::DEFAULT,
    };
    let parse_for = |query: &str, list: &[(&str, &str)]| {
        let headers = headers(list);
        sigv4::parse_for(&Request { method: "GET", path: "/", query, headers: &headers }, rules)
    };
    let unsigned = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    let date = ("x-amz-date", "20150830T123600Z");
    let older = "AWSAccessKeyId=AKID&Expires=1&Signature=x";
    for (service, good) in [("s3", true), ("sqs", false)] {
        let credential = format!("Credential=AKID/20150830/us-east-1/{service}/aws4_request");
        for before in
            ["", "X=a/20150830/us-east-1/s3/aws4_request, ", "X=a/20150830/us-east-1/sqs/aws4_request "]
        {
            let text = format!("AWS4-HMAC-SHA256 {before}{credential}, SignedHeaders=host, Signature=00");
            let header = ("authorization", text.as_str());
            assert_eq!(parse_for("", &[HOST, date, header, unsigned]).is_ok(), good, "{text}");
            // The other's parameters are nothing to a service that does not know them.
            let both = parse_for(older, &[HOST, date, header, ("x-amz-content-sha256", &"0".repeat(64))]);
            assert_eq!(both.is_ok(), !good, "{text}");
        }
        let query = with("X-Amz-Credential", &credential["Credential=".len()..]);
        assert_eq!(parse_for(&query, &[HOST, unsigned]).is_ok(), good, "{query}");
    }
    assert!(matches!(parse_for(older, &[HOST]), Ok(Presented::Older(_))));
}

#[test]
fn other_schemes_are_named() {
    let old = header_refused("AWS AKID:c2lnbmF0dXJl", &Policy::S3);
    assert_eq!((old.code(S3), old.status(S3)), ("InvalidRequest", 400));
    assert_eq!(
        old.message(S3),
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    );
    let query = "AWSAccessKeyId=AKID&Expires=1&Signature=x";
    assert!(matches!(parse(query, &[HOST], &Policy::S3), Ok(Presented::Older(_))));
    let other = format!("{query}&SignatureVersion=2");
    assert_eq!(refused(&other, &[HOST], &Policy::S3), AuthError::SignatureV2);
    assert!(matches!(parse(query, &[HOST], &Policy::DEFAULT), Ok(Presented::Anonymous)));
    let bearer = header_refused("Bearer token", &Policy::S3);
    assert_eq!(
        (bearer.code(S3), bearer.message(S3).as_ref()),
        ("InvalidArgument", "Unsupported Authorization Type")
    );
    assert_eq!(bearer.code(Query), "MissingAuthenticationToken");
    let asymmetric = header_refused("AWS4-ECDSA-P256-SHA256 Credential=x", &Policy::DEFAULT);
    assert_eq!(asymmetric.code(Query), "IncompleteSignature");
    assert_eq!(
        asymmetric.message(Query),
        "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). "
    );
    assert_eq!((asymmetric.code(S3), asymmetric.status(S3)), ("NotImplemented", 501));
    let query = refused(&with("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256"), &[HOST], &Policy::S3);
    assert_eq!(query.code(S3), "NotImplemented");
    let unknown = refused(&with("X-Amz-Algorithm", "FAKE"), &[HOST], &Policy::S3);
    assert_eq!(unknown.code(S3), "AuthorizationQueryParametersError");
}

#[test]
fn an_incomplete_header_says_what_is_missing() {
    let error = refused("", &[HOST, ("authorization", "AWS4-HMAC-SHA256 Signature=00")], &Policy::DEFAULT);
    assert_eq!((error.code(Query), error.status(Query)), ("IncompleteSignature", 400));
    assert_eq!((error.code(Json), error.status(Json)), ("IncompleteSignatureException", 400));
    assert_eq!(
        error.message(Query),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' \
         parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
         Authorization=AWS4-HMAC-SHA256 Signature=00"
    );
    assert_eq!((error.code(S3), error.status(S3)), ("AuthorizationHeaderMalformed", 400));
    let one = header_refused("AWS4-HMAC-SHA256 Signature=00,SignedHeaders=host", &Policy::S3);
    assert_eq!(one.message(S3), "The authorization header is malformed; missing Credential.");
    let pair = header_refused("AWS4-HMAC-SHA256 Credential", &Policy::DEFAULT);
    assert_eq!(
        pair.message(Query),
        "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 \
         Credential'."
    );
    let twice = header_refused("AWS4-HMAC-SHA256 Signature=00,Signature=01", &Policy::DEFAULT);
    assert_eq!(twice, AuthError::MalformedHeader { name: "authorization" });
    let long = header_refused(&format!("AWS4-HMAC-SHA256 Signature={}", "0".repeat(9000)), &Policy::DEFAULT);
    assert!(matches!(long, AuthError::TooLarge { .. }));
    let no_date =
        refused("", &[HOST, HASH, ("authorization", &authorization(CREDENTIAL, "host"))], &Policy::S3);
    assert_eq!((no_date.code(S3), no_date.status(S3)), ("AccessDenied", 403));
    assert_eq!(no_date.message(S3), "AWS authentication requires a valid Date or x-amz-date header");
}

#[test]
fn malformed_parts_of_a_header_are_named() {
    let credential = header_refused(&authorization("a/b/c/d", "host"), &Policy::S3);
    assert_eq!(
        credential.message(Query),
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'"
    );
    assert_eq!(credential.code(S3), "AuthorizationHeaderMalformed");
    let names = header_refused(&authorization(CREDENTIAL, "host;host"), &Policy::S3);
    assert!(matches!(names, AuthError::MalformedSignedHeaders { .. }));
    let auth = authorization(CREDENTIAL, "host");
    let date = refused("", &[HOST, ("x-amz-date", "201"), ("authorization", &auth)], &Policy::DEFAULT);
    assert_eq!(
        date.message(Json),
        "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"
    );
    let hash = refused("", &[HOST, DATE, ("authorization", &auth)], &Policy::S3);
    assert_eq!((hash.code(S3), hash.status(S3)), ("InvalidRequest", 400));
    assert_eq!(hash.message(S3), "Missing required header for this request: x-amz-content-sha256");
    let bad = [HOST, DATE, ("authorization", &auth), ("x-amz-content-sha256", "abc")];
    let hash = refused("", &bad, &Policy::S3);
    assert_eq!((hash.code(S3), hash.status(S3)), ("InvalidArgument", 400));
    let fields = [("ArgumentName", "x-amz-content-sha256".to_owned()), ("ArgumentValue", "abc".to_owned())];
    assert_eq!(hash.s3_fields(), fields);
    let twice = [HOST, DATE, DATE, ("authorization", &auth)];
    assert_eq!(refused("", &twice, &Policy::DEFAULT), AuthError::MalformedHeader { name: "x-amz-date" });
}

#[test]
fn presigned_parameters_are_checked() {
    for missing in
        ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"]
    {
        let query = presigned(|name, value| (name != missing).then(|| value.to_owned()));
        let error = refused(&query, &[HOST], &Policy::S3);
        assert_eq!(error, AuthError::IncompleteQuery { names: vec![missing] });
        assert_eq!(refused(&with(missing, ""), &[HOST], &Policy::S3), error);
        assert_eq!((error.code(S3), error.status(S3)), ("AuthorizationQueryParametersError", 400));
        assert_eq!(
            error.message(Json),
            format!(
                "AWS query-string parameters must include '{missing}'. Re-examine the query-string parameters."
            )
        );
    }
    for (value, text) in [
        ("foo", "X-Amz-Expires should be a number"),
        ("99999999999999999999", "X-Amz-Expires should be a number"),
        ("-1", "X-Amz-Expires must be non-negative"),
        (
            "604801",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
             than 604800 seconds",
        ),
    ] {
        let error = refused(&with("X-Amz-Expires", value), &[HOST], &Policy::S3);
        assert_eq!((error.code(S3), error.status(S3)), ("AuthorizationQueryParametersError", 400));
        assert_eq!(error.message(S3), text);
    }
    assert!(parse(&with("X-Amz-Expires", "604800"), &[HOST], &Policy::S3).is_ok());
    let twice = format!("{}&X-Amz%2DSignature=1", with("", ""));
    let parameter = "X-Amz-Signature";
    assert_eq!(refused(&twice, &[HOST], &Policy::S3), AuthError::RepeatedParameter { parameter });
    let date = refused(&with("X-Amz-Date", "2015"), &[HOST], &Policy::S3);
    assert_eq!(date.message(S3), "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
    let uri = refused("X-Amz-Algorithm=%zz", &[HOST], &Policy::S3);
    assert_eq!((uri.code(S3), uri.status(S3)), ("InvalidURI", 400));
    assert_eq!((uri.code(Query), uri.status(Query)), ("MalformedQueryString", 404));
    let bytes = with("X-Amz-Security-Token", "").replace("X-Amz-Signature=00", "X-Amz-Signature=%ff");
    let error = refused(&bytes, &[HOST], &Policy::S3);
    assert_eq!(error, AuthError::MalformedParameter { parameter });
}

#[test]
fn the_clock_of_a_header_signature_is_checked() {
    let auth = authorization(CREDENTIAL, "host;x-amz-date");
    let list = [HOST, DATE, ("authorization", auth.as_str())];
    let late = verify(&list, SUITE_TIME + 901, &Policy::DEFAULT).unwrap_err();
    assert_eq!((late.code(Json), late.status(Json)), ("InvalidSignatureException", 400));
    assert_eq!((late.code(Query), late.status(Query)), ("SignatureDoesNotMatch", 403));
    assert_eq!((late.code(Ec2), late.status(Ec2)), ("RequestExpired", 400));
    assert_eq!((late.code(S3), late.status(S3)), ("RequestTimeTooSkewed", 403));
    assert_eq!(
        late.message(Query),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"
    );
    assert_eq!(
        late.message(S3),
        "The difference between the request time and the current time is too large."
    );
    assert_eq!(
        late.s3_fields(),
        [
            ("RequestTime", "20150830T123600Z".to_owned()),
            ("ServerTime", "2015-08-30T12:51:01Z".to_owned()),
            ("MaxAllowedSkewMilliseconds", "900000".to_owned()),
        ]
    );
    let early = verify(&list, SUITE_TIME - 901, &Policy::DEFAULT).unwrap_err();
    assert_eq!(
        early.message(Query),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"
    );
    for now in [SUITE_TIME + 900, SUITE_TIME - 900] {
        let error = verify(&list, now, &Policy::DEFAULT).unwrap_err();
        assert!(matches!(error, AuthError::SignatureDoesNotMatch(_)), "{error:?}");
    }
}

#[test]
fn presigned_requests_of_sts_live_a_quarter_of_an_hour() {
    let headers = headers(&[HOST]);
    let query = with("X-Amz-Expires", "60");
    let req = Request { method: "GET", path: "/", query: &query, headers: &headers };
    let signed = signed(&req, &Policy::STS);
    assert_eq!(signed.check_time(SUITE_TIME + 899, &Policy::STS), Ok(()));
    assert!(matches!(signed.check_time(SUITE_TIME + 900, &Policy::STS), Err(AuthError::Expired { .. })));
    assert!(matches!(signed.check_time(SUITE_TIME + 60, &Policy::DEFAULT), Err(AuthError::Expired { .. })));
}

#[test]
fn every_fault_of_a_scope_is_named() {
    let auth = authorization("AKID/20150829/r/s/aws5_request", "host;x-amz-date");
    let headers = headers(&[HOST, DATE, ("authorization", &auth)]);
    let req = Request { method: "GET", path: "/", query: "", headers: &headers };
    let signed = signed(&req, &Policy::DEFAULT);
    let expected = Expected { region: Some("us-east-1"), service: Some("sqs") };
    let error = signed.check_scope(expected).unwrap_err();
    assert_eq!((error.code(Json), error.code(Query)), ("InvalidSignatureException", "SignatureDoesNotMatch"));
    assert_eq!(
        error.message(Query),
        "Credential should be scoped to a valid region, not 'r'. Credential should be scoped to correct service: \
         'sqs'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. Date in \
         Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', \
         from '20150830T123600Z'."
    );
    assert_eq!((error.code(S3), error.status(S3)), ("AuthorizationHeaderMalformed", 400));
    assert_eq!(
        error.message(S3),
        "The authorization header is malformed; the region 'r' is wrong; expecting 'us-east-1'"
    );
    assert_eq!(error.s3_fields(), [("Region", "us-east-1".to_owned())]);
    let service = signed.check_scope(Expected { service: Some("s3"), ..Expected::default() }).unwrap_err();
    assert_eq!(
        service.message(S3),
        "The authorization header is malformed; incorrect service \"s\". This endpoint belongs to \"s3\"."
    );
    let key = SigningKey::derive("secret", "20150829", "r", "s");
    let verified = signed.verify(&req, &key, Some(&[0; 32]), SUITE_TIME, &Policy::DEFAULT);
    assert!(matches!(verified, Err(AuthError::WrongScope { faults, .. }) if faults.len() == 2));
}

#[test]
fn signed_headers_must_cover_the_request() {
    let verify_names = |names: &str, extra: (&str, &str), policy: &Policy| {
        let auth = authorization(CREDENTIAL, names);
        verify(&[HOST, DATE, HASH, extra, ("authorization", &auth)], SUITE_TIME, policy).unwrap_err()
    };
    let unsigned = Policy { unsigned_payload: true, ..Policy::DEFAULT };
    let host = verify_names("x-amz-date", ("a", "b"), &unsigned);
    assert_eq!(host, AuthError::HostNotSigned);
    assert_eq!(
        host.message(Query),
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    );
    assert_eq!((host.code(S3), host.status(S3)), ("AccessDenied", 403));
    let target = verify_names("host;x-amz-date", ("x-amz-target", "A.B"), &unsigned);
    assert_eq!(target, AuthError::HeadersNotSigned { names: vec!["x-amz-target".to_owned()] });
    let all = "host;x-amz-content-sha256;x-amz-date";
    let acl = verify_names(all, ("x-amz-acl", "public-read"), &Policy::S3);
    assert_eq!((acl.code(S3), acl.status(S3)), ("AccessDenied", 403));
    assert_eq!(acl.message(S3), "There were headers present in the request which were not signed");
    assert_eq!(acl.s3_fields(), [("HeadersNotSigned", "x-amz-acl".to_owned())]);
    let fine = verify_names(all, ("x-amz-acl", "public-read"), &unsigned);
    assert!(matches!(fine, AuthError::SignatureDoesNotMatch(_)));
    let absent = verify_names("host;x-absent;x-amz-date", ("a", "b"), &unsigned);
    assert_eq!(absent, AuthError::SignedHeaderMissing { name: "x-absent".to_owned() });
    assert_eq!(absent.code(S3), "SignatureDoesNotMatch");
}

#[test]
fn a_wrong_signature_is_shown_what_it_should_have_been_made_over() {
    let auth = authorization(CREDENTIAL, "host;x-amz-date");
    let error = verify(&[HOST, DATE, ("authorization", &auth)], SUITE_TIME, &Policy::DEFAULT).unwrap_err();
    let canonical =
        format!("GET\n/\n\nhost:h\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n{}", "0".repeat(64));
    let AuthError::SignatureDoesNotMatch(mismatch) = &error else { panic!("{error:?}") };
    assert_eq!(mismatch.canonical_request, canonical);
    assert!(
        mismatch
            .string_to_sign
            .starts_with("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/sqs/aws4_request\n")
    );
    assert_eq!((error.code(Json), error.status(Json)), ("InvalidSignatureException", 400));
    assert_eq!((error.code(RestJson), error.status(RestJson)), ("InvalidSignatureException", 403));
    assert_eq!((error.code(Query), error.status(Query)), ("SignatureDoesNotMatch", 403));
    assert_eq!((error.code(Ec2), error.status(Ec2)), ("AuthFailure", 401));
    assert_eq!((error.code(S3), error.status(S3)), ("SignatureDoesNotMatch", 403));
    assert!(error.message(Json).contains(&format!("should have been\n'{canonical}'")));
    assert!(error.message(S3).ends_with("Check your key and signing method."));
    let fields = error.s3_fields();
    assert_eq!(fields[0], ("AWSAccessKeyId", "AKID".to_owned()));
    assert_eq!(fields[2], ("SignatureProvided", "0".repeat(64)));
    assert!(fields[3].1.starts_with("41 57 53 34 2d"));
    let headers = headers(&[HOST, DATE, ("authorization", &auth)]);
    let req = Request { method: "GET", path: "/", query: "", headers: &headers };
    let key = SigningKey::derive("secret", "20150830", "us-east-1", "sqs");
    let unhashed = signed(&req, &Policy::DEFAULT).verify(&req, &key, None, SUITE_TIME, &Policy::DEFAULT);
    assert_eq!(unhashed.unwrap_err(), AuthError::BodyHashNeeded);
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let credentials =
        Credentials { access_key: "AKID", secret: S3_SECRET, session_token: Some("bad\ntoken") };
    let signer = Signer { credentials, region: "r", service: "s3", time: S3_TIME, policy: &Policy::S3 };
    let mut map = HeaderMap::new();
    let refused = signer.sign("GET", "/", "", &mut map, PayloadToSign::Unsigned);
    assert!(matches!(refused, Err(SignError::NotAHeader(_))));
    let req = Request { method: "GET", path: "/", query: "", headers: &map };
    assert!(matches!(signer.presign(&req, 60, PayloadToSign::Unsigned), Err(SignError::NoHost)));
    let with_host = headers(&[HOST]);
    let req = Request { path: "/%", headers: &with_host, ..req };
    let refused = signer.presign(&req, 60, PayloadToSign::Unsigned);
    assert!(matches!(refused, Err(SignError::Request(AuthError::MalformedUri))));
}

#[test]
fn printing_a_signature_shows_no_secret() {
    let auth = authorization(CREDENTIAL, "host;x-amz-date");
    let headers = headers(&[HOST, DATE, ("authorization", &auth), ("x-amz-security-token", "hidden")]);
    let req = Request { method: "GET", path: "/", query: "", headers: &headers };
    let signed = signed(&req, &Policy::DEFAULT);
    assert_eq!(signed.session_token(), Some("hidden"));
    let printed = format!("{signed:?}");
    assert!(printed.contains("AKID") && !printed.contains("hidden") && !printed.contains("0000"));
}
