//! Signatures published with the protocol: the facts of its test suite.

mod common;

use common::{SUITE_SECRET, SUITE_TIME, headers, sha256, signed};
use sigv4::{Payload, Policy, Request, SigningKey};

struct Case {
    method: &'static str,
    path: &'static str,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed_headers: &'static str,
    signature: &'static str,
}

const GET: Case = Case {
    method: "GET",
    path: "/",
    query: "",
    headers: &[],
    body: "",
    signed_headers: "host;x-amz-date",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
};
const POST: Case = Case {
    method: "POST",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ..GET
};
const FORM: &str = "application/x-www-form-urlencoded";
const WITH_MY_HEADER: &str = "host;my-header1;x-amz-date";
const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo\
                     IYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq\
                     5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypN\
                     C9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

const CASES: &[(&str, Case)] = &[
    ("plain GET", Case { ..GET }),
    ("plain POST", Case { ..POST }),
    (
        "repeated header",
        Case {
            headers: &[("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")],
            signed_headers: WITH_MY_HEADER,
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
            ..GET
        },
    ),
    (
        "order of values is kept",
        Case {
            headers: &[
                ("my-header1", "value4"),
                ("my-header1", "value1"),
                ("my-header1", "value3"),
                ("my-header1", "value2"),
            ],
            signed_headers: WITH_MY_HEADER,
            signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
            ..GET
        },
    ),
    (
        "values are trimmed",
        Case {
            headers: &[("my-header1", " value1"), ("my-header2", " \"a   b   c\" ")],
            signed_headers: "host;my-header1;my-header2;x-amz-date",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ..GET
        },
    ),
    (
        "unreserved path",
        Case {
            path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ..GET
        },
    ),
    (
        "UTF-8 path",
        Case {
            path: "/\u{1234}",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
            ..GET
        },
    ),
    (
        "one parameter",
        Case {
            query: "Param1=value1",
            signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
            ..GET
        },
    ),
    (
        "order of encoded names",
        Case {
            query: "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
            signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
            ..GET
        },
    ),
    (
        "order of values, capitals first",
        Case {
            query: "Param1=value2&Param1=Value1",
            signature: "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
            ..GET
        },
    ),
    (
        "order of names",
        Case {
            query: "Param2=value2&Param1=value1",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ..GET
        },
    ),
    (
        "order of values",
        Case {
            query: "Param1=value2&Param1=value1",
            signature: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
            ..GET
        },
    ),
    (
        "unreserved query",
        Case {
            query: "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
            ..GET
        },
    ),
    (
        "UTF-8 query",
        Case {
            query: "\u{1234}=bar",
            signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            ..GET
        },
    ),
    ("normal path of /example/..", Case { path: "/example/..", ..GET }),
    ("normal path of /example1/example2/../..", Case { path: "/example1/example2/../..", ..GET }),
    ("normal path of //", Case { path: "//", ..GET }),
    ("normal path of /./", Case { path: "/./", ..GET }),
    (
        "normal path of /./example",
        Case {
            path: "/./example",
            signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
            ..GET
        },
    ),
    (
        "normal path of //example//",
        Case {
            path: "//example//",
            signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
            ..GET
        },
    ),
    (
        "space in path",
        Case {
            path: "/example space/",
            signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
            ..GET
        },
    ),
    (
        "dollar in path",
        Case {
            path: "/example/$delete",
            signature: "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27",
            ..GET
        },
    ),
    (
        "another header",
        Case {
            headers: &[("My-Header1", "value1")],
            signed_headers: WITH_MY_HEADER,
            signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ..POST
        },
    ),
    (
        "case of values is kept",
        Case {
            headers: &[("my-header1", "VALUE1")],
            signed_headers: WITH_MY_HEADER,
            signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            ..POST
        },
    ),
    (
        "signed session token",
        Case {
            headers: &[("x-amz-security-token", TOKEN)],
            signed_headers: "host;x-amz-date;x-amz-security-token",
            signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ..POST
        },
    ),
    ("session token added after signing", Case { headers: &[("x-amz-security-token", TOKEN)], ..POST }),
    (
        "POST with query",
        Case {
            query: "Param1=value1",
            signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
            ..POST
        },
    ),
    (
        "form",
        Case {
            headers: &[("content-type", FORM)],
            body: "Param1=value1",
            signed_headers: "content-type;host;x-amz-date",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ..POST
        },
    ),
    (
        "form with charset",
        Case {
            headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf8")],
            body: "Param1=value1",
            signed_headers: "content-type;host;x-amz-date",
            signature: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
            ..POST
        },
    ),
];

#[test]
fn the_published_signatures_verify() {
    let key = SigningKey::derive(SUITE_SECRET, "20150830", "us-east-1", "service");
    for (name, case) in CASES {
        let mut headers = headers(case.headers);
        headers.insert("host", "example.amazonaws.com".parse().unwrap());
        headers.insert("x-amz-date", "20150830T123600Z".parse().unwrap());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={}, \
             Signature={}",
            case.signed_headers, case.signature
        );
        headers.insert("authorization", authorization.parse().unwrap());
        let req = Request { method: case.method, path: case.path, query: case.query, headers: &headers };
        let signed = signed(&req, &Policy::DEFAULT);
        assert_eq!(signed.access_key(), "AKIDEXAMPLE");
        assert_eq!((signed.date(), signed.region(), signed.service()), ("20150830", "us-east-1", "service"));
        assert_eq!(signed.payload(), &Payload::Body);
        let body = sha256(case.body.as_bytes());
        if let Err(error) = signed.verify(&req, &key, Some(&body), SUITE_TIME, &Policy::DEFAULT) {
            panic!("{name}: {error:#?}");
        }
    }
}
