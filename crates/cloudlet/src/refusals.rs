//! Every operation of every service is refused to everyone who may not use it, and reached by those who may. The list
//! of operations comes from the registry: a new one cannot escape.

mod fixture;
mod rest;
mod sample;
mod server;

use std::collections::BTreeSet;

use wire::{Access, Operation, Protocol};

use self::fixture::Fixture;
use self::sample::Sample;
use self::server::{Answer, Key, Server};

/// Operations that policies do not decide on. Whoever adds one has to say so here too.
const OPEN: [(&str, Access); 4] = [
    ("AssumeRoleWithSAML", Access::Anyone),
    ("AssumeRoleWithWebIdentity", Access::Anyone),
    ("GetCallerIdentity", Access::Caller),
    ("GetSessionToken", Access::Caller),
];

/// Operations that decide about each of the things that they name by itself: the answer is a success, which says of each
/// what the refusal of a request would say.
const EACH: [&str; 1] = ["DeleteObjects"];

/// More questions than any operation asks about one request.
const ROUNDS: usize = 16;

/// How the refusal of a request looks, by the protocol.
struct Expected {
    status: u16,
    code: &'static str,
    text: &'static str,
}

#[test]
fn open_operations_are_those_listed() {
    let server = Server::start();
    let open: BTreeSet<_> = server
        .operations()
        .into_iter()
        .filter(|operation| operation.access != Access::Policy)
        .map(|operation| (operation.name, format!("{:?}", operation.access)))
        .collect();
    assert_eq!(open, OPEN.into_iter().map(|(name, access)| (name, format!("{access:?}"))).collect());
}

#[test]
fn every_operation_is_refused_to_those_who_may_not_use_it() {
    let server = Server::start();
    let mut faults = Vec::new();
    let operations = server.operations();
    let mut checked = 0;
    for operation in &operations {
        for protocol in server::protocols(operation) {
            // Each on fresh ground: what was allowed has been done.
            let account = format!("{:012}", 100_000_000_000 + checked as u64);
            let fixture = Fixture::new(&server, &account, operation.service.id);
            let sample = sample::sample(operation, protocol, &fixture);
            let mut check = Check {
                server: &server,
                fixture: &fixture,
                operation,
                protocol,
                sample,
                faults: &mut faults,
            };
            check.strangers();
            if operation.access == Access::Policy {
                check.members();
            }
            checked += 1;
        }
    }
    println!("{} operations, {checked} with each protocol", operations.len());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// One operation in one protocol.
struct Check<'a> {
    server: &'a Server,
    fixture: &'a Fixture,
    operation: &'static Operation,
    protocol: Protocol,
    sample: Sample,
    faults: &'a mut Vec<String>,
}

impl Check<'_> {
    /// Without a signature, with a key that nobody has, with a wrong secret.
    fn strangers(&mut self) {
        let key = self.fixture.user_key();
        let unsigned = self.send(None);
        if self.operation.access == Access::Anyone {
            let gets_in = !unsigned.text.contains("MissingAuthenticationToken");
            self.expect(gets_in, "unsigned", &unsigned);
        } else {
            let expected = match EACH.contains(&self.operation.name) {
                true => self.denial(),
                false => unsigned_refusal(self.operation, self.protocol),
            };
            self.refused("unsigned", &unsigned, expected);
        }
        let unknown = Key { id: "AKIAAAAAAAAAAAAAAAAA".to_owned(), secret: key.secret.clone() };
        let answer = self.send(Some(&unknown));
        self.refused("unknown key", &answer, unknown_key_refusal(self.operation, self.protocol));
        let wrong = Key { id: key.id.clone(), secret: key.secret.replace(|_| true, "x") };
        let answer = self.send(Some(&wrong));
        self.refused("bad signature", &answer, signature_refusal(self.operation, self.protocol));
    }

    /// As a user without a policy, as one with a policy for another resource, as one with the very permission.
    fn members(&mut self) {
        let key = self.fixture.user_key();
        let mut granted: Vec<(String, String)> = Vec::new();
        for round in 0..ROUNDS {
            self.fixture.allow(self.server, &granted);
            let before = self.server.version();
            self.server.forget_questions();
            let answer = self.send(Some(&key));
            let Some((action, resource)) = self.server.refused_question() else {
                if round == 0 {
                    self.fault("was not refused without a policy", &answer);
                } else if is_denied(&answer) {
                    self.fault("is denied although nothing is refused", &answer);
                }
                return;
            };
            self.denied(&action, &answer);
            if self.server.version() != before {
                self.fault("changed something though refused", &answer);
            }
            let mut elsewhere = granted.clone();
            elsewhere
                .push((action.clone(), "arn:aws:other:us-east-1:999999999999:something/else".to_owned()));
            self.fixture.allow(self.server, &elsewhere);
            let before = self.server.version();
            let answer = self.send(Some(&key));
            self.denied(&action, &answer);
            if self.server.version() != before {
                self.fault("changed something though allowed elsewhere only", &answer);
            }
            granted.push((action, resource));
        }
        self.faults.push(format!("{}: is never allowed: {granted:?}", self.name()));
    }

    fn send(&self, key: Option<&Key>) -> Answer {
        self.server.send(self.operation, self.protocol, &self.sample, key)
    }

    fn denied(&mut self, action: &str, answer: &Answer) {
        let expected = self.denial();
        let who = format!("arn:aws:iam::{}:user/{}", self.fixture.account, fixture::USER);
        let says = [who.as_str(), "is not authorized to perform: ", action]
            .iter()
            .all(|part| answer.text.contains(part));
        // An answer to HEAD has no body.
        let silent = self.sample.method == "HEAD" && answer.text.is_empty();
        let right =
            answer.status == expected.status && (silent || answer.text.contains(expected.code) && says);
        self.expect(right, &format!("denial of {action}"), answer);
    }

    fn denial(&self) -> Expected {
        let expected = denial(self.protocol);
        match EACH.contains(&self.operation.name) {
            true => Expected { status: 200, ..expected },
            false => expected,
        }
    }

    fn refused(&mut self, what: &str, answer: &Answer, expected: Expected) {
        let silent = self.sample.method == "HEAD" && answer.text.is_empty();
        let says = answer.text.contains(expected.code) && answer.text.contains(expected.text);
        let right = answer.status == expected.status && (silent || says);
        self.expect(right, what, answer);
    }

    fn expect(&mut self, right: bool, what: &str, answer: &Answer) {
        if !right {
            self.fault(what, answer);
        }
    }

    fn fault(&mut self, what: &str, answer: &Answer) {
        let name = self.name();
        self.faults.push(format!("{name}: {what}: {} {}", answer.status, answer.text));
    }

    fn name(&self) -> String {
        format!("{}:{} ({:?})", self.operation.service.id, self.operation.name, self.protocol)
    }
}

fn is_denied(answer: &Answer) -> bool {
    answer.text.contains("is not authorized to perform")
}

fn is_json(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Json10 | Protocol::Json11 | Protocol::RpcCbor)
}

fn unsigned_refusal(operation: &Operation, protocol: Protocol) -> Expected {
    if operation.service.id == "sqs" {
        let code = if is_json(protocol) { "AccessDeniedException" } else { "AccessDenied" };
        return Expected { status: 403, code, text: "Access to the resource " };
    }
    // S3 and S3 Control.
    if operation.service.signing_name == "s3" {
        return Expected { status: 403, code: "AccessDenied", text: "" };
    }
    let text = "Request is missing Authentication Token";
    match is_json(protocol) {
        true => Expected { status: 400, code: "MissingAuthenticationTokenException", text },
        false => Expected { status: 403, code: "MissingAuthenticationToken", text },
    }
}

fn unknown_key_refusal(operation: &Operation, protocol: Protocol) -> Expected {
    if protocol == Protocol::RestXml {
        let text = "The AWS Access Key Id you provided does not exist in our records.";
        return Expected { status: 403, code: "InvalidAccessKeyId", text };
    }
    let text = "The security token included in the request is invalid";
    match is_json(protocol) {
        true if operation.service.query_compatible => {
            Expected { status: 403, code: "UnrecognizedClientException", text }
        }
        true => Expected { status: 400, code: "UnrecognizedClientException", text },
        false => Expected { status: 403, code: "InvalidClientTokenId", text },
    }
}

fn signature_refusal(operation: &Operation, protocol: Protocol) -> Expected {
    let text = "The request signature we calculated does not match the signature you provided.";
    match is_json(protocol) {
        true if operation.service.query_compatible => {
            Expected { status: 403, code: "InvalidSignatureException", text }
        }
        true => Expected { status: 400, code: "InvalidSignatureException", text },
        false => Expected { status: 403, code: "SignatureDoesNotMatch", text },
    }
}

fn denial(protocol: Protocol) -> Expected {
    match is_json(protocol) {
        true => Expected { status: 400, code: "AccessDeniedException", text: "" },
        false => Expected { status: 403, code: "AccessDenied", text: "" },
    }
}
