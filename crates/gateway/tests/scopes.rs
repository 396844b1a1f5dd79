//! What S3 allows in signatures is good for S3 only: the rules are those of the service that a signature is scoped to.

mod common;

use common::{Answer, Client, Payload, Server, Signed};

/// A service that a request is signed for, and how it names an operation that the service has.
struct To {
    service: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SERVICES: [To; 3] = [
    To { service: "sqs", headers: &[("x-amz-target", "AmazonSQS.ListQueues")], body: "{}" },
    To { service: "ssm", headers: &[("x-amz-target", "AmazonSSM.GetParameter")], body: "{}" },
    To { service: "sts", headers: &[FORM], body: "Action=GetCallerIdentity&Version=2011-06-15" },
];

impl To {
    fn request(&self, payload: Payload) -> Signed<'_> {
        let Self { service, headers, .. } = *self;
        Signed { method: "POST", target: "/", headers, payload, service, ..Default::default() }
    }

    /// Sends a head that has no length yet with the body, and reads the answer.
    fn send(&self, client: &mut Client, head: &str) -> Answer {
        let length = format!("content-length: {}\r\n\r\n", self.body.len());
        client.write(head.trim_end().as_bytes());
        client.write(b"\r\n");
        client.write(length.as_bytes());
        client.write(self.body.as_bytes());
        client.answer("POST")
    }

    /// Let in: the services are known, but not there.
    fn accepts(&self, client: &mut Client, head: &str) {
        let answer = self.send(client, head);
        assert!(answer.text().contains("NotImplemented"), "{}: {}", self.service, answer.text());
    }

    fn refuses(&self, client: &mut Client, head: &str, code: &str) {
        let answer = self.send(client, head);
        assert!(
            matches!(answer.status, 400 | 403) && answer.text().contains(code),
            "{}: {} {}\n{head}",
            self.service,
            answer.status,
            answer.text()
        );
    }
}

#[test]
fn a_body_that_is_not_signed_is_for_s3_alone() {
    let server = Server::start();
    let mut client = server.client();
    for to in SERVICES {
        let hash = Payload::Hash(common::sha256(to.body.as_bytes()));
        to.accepts(&mut client, &to.request(hash).head().0);
        to.refuses(&mut client, &to.request(Payload::Hash([1; 32])).head().0, "Signature");
        for payload in [
            Payload::Unsigned,
            Payload::Streaming { trailer: false },
            Payload::Streaming { trailer: true },
            Payload::StreamingUnsignedTrailer,
        ] {
            let head = to.request(payload).head().0;
            to.refuses(&mut client, &head, "IncompleteSignature");
            // Fields that nobody reads may look like a scope.
            for decoy in
                ["X=/s3/aws4_request, Credential=", "X=a/20250615/us-east-1/s3/aws4_request Credential="]
            {
                to.refuses(&mut client, &head.replacen("Credential=", decoy, 1), "IncompleteSignature");
            }
        }
    }
}

#[test]
fn nor_is_it_taken_from_a_link() {
    let server = Server::start();
    let mut client = server.client();
    for to in SERVICES {
        let bare = to.request(Payload::Unsigned);
        let target = "/?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&a=aws4_request";
        let headers: String = to.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let link = Signed { target, ..bare }.presign(60, common::NOW);
        assert!(link.contains("%2Faws4_request"), "{link}");
        // However the scope is written, it is the same one.
        for link in [link.clone(), link.replace("%2F", "%2f"), link.replace("%2F", "/")] {
            let head = format!("POST {link} HTTP/1.1\r\nhost: localhost\r\n{headers}");
            to.refuses(&mut client, &head, "IncompleteSignature");
        }
    }
}

#[test]
fn a_signature_for_s3_is_not_one_for_others() {
    let server = Server::start();
    let mut client = server.client();
    for to in SERVICES.iter().filter(|to| to.headers[0].0 == "x-amz-target") {
        let hash = Payload::Hash(common::sha256(to.body.as_bytes()));
        for payload in [Payload::Unsigned, hash] {
            let request = Signed { service: "s3", ..to.request(payload) };
            to.refuses(&mut client, &request.head().0, "InvalidSignatureException");
        }
    }
}
