//! What a shape looks like on the wire: the static tables that generated types point to.

use crate::pattern::Pattern;

/// A shape: its kind, its constraints, and the traits that codecs read.
pub struct Schema {
    /// The shape's name in the service's model.
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: Kind,
    /// Least and greatest length (text: characters; blob: bytes; list and map: entries) or value (numbers).
    pub bounds: Bounds,
    /// What a text has to match.
    pub pattern: Option<&'static Pattern>,
    /// The values of an enumeration, in the model's order; empty for every other shape.
    pub values: &'static [&'static str],
    /// Members of a structure or union, in the model's order.
    pub members: &'static [Member],
    /// The entry of a list, or the value of a map.
    pub element: Option<&'static Member>,
    /// The key of a map.
    pub key: Option<&'static Member>,
    /// A list or map whose entries stand directly in the parent.
    pub flattened: bool,
    /// Entries may be null.
    pub sparse: bool,
    /// Never shown in logs or debug output.
    pub sensitive: bool,
    /// How a timestamp is written when its protocol's default does not hold.
    pub timestamp: Option<TimestampFormat>,
    /// The member that is the whole body (REST protocols).
    pub payload: Option<usize>,
    /// As an output in XML its only member stands alone, without an element of its own around it.
    pub unwrapped: bool,
    /// The name of the XML element when it stands as a root.
    pub xml_name: Option<&'static str>,
    /// The namespace of that element.
    pub xml_namespace: Option<XmlNamespace>,
    /// What makes this structure an error.
    pub error: Option<ErrorTrait>,
}

/// One member of a structure or union, or the entry of a list or map.
pub struct Member {
    /// Its name in the model.
    pub name: &'static str,
    /// Its name in JSON and XML, in a header or the query string: `locationName`, else the name.
    pub wire: &'static str,
    /// Whether the model gives `wire` explicitly. XML lists and maps have other defaults than the name.
    pub named: bool,
    /// Its name in the query protocols, where it differs from `wire`.
    pub query: Option<&'static str>,
    /// Where in a REST request or response it goes.
    pub location: Location,
    /// It must be present in an input.
    pub required: bool,
    /// A list or map that stands directly in the parent.
    pub flattened: bool,
    /// Written as an attribute of the XML element.
    pub xml_attribute: bool,
    /// Namespace of its XML element.
    pub xml_namespace: Option<XmlNamespace>,
    /// The server makes a value where the client sends none.
    pub idempotency_token: bool,
    /// The body as it comes or goes, not held in memory.
    pub streaming: bool,
    /// A header that holds base64 of JSON.
    pub json_header: bool,
    /// How a timestamp is written, when it differs from its shape's.
    pub timestamp: Option<TimestampFormat>,
    /// The shape of the value. A function would cost a call per visit; statics may refer to each other.
    pub target: &'static Schema,
}

/// The kinds of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Boolean,
    Integer,
    Long,
    Float,
    Double,
    String,
    Blob,
    Timestamp,
    Document,
    List,
    Map,
    Structure,
    Union,
    /// What reads and writes itself: [`OwnForm`](crate::OwnForm).
    Own,
}

/// Where a member goes in a REST request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the document that is the body.
    Body,
    /// A label of the path.
    Uri,
    /// A parameter of the query string; a map: all parameters.
    Query,
    /// A header.
    Header,
    /// A map: all headers that begin with `wire`.
    Headers,
    /// The status code of the response.
    StatusCode,
}

impl Location {
    /// Whether a response holds it in its body: there are no paths and query strings in responses.
    pub(crate) fn in_response_body(self) -> bool {
        matches!(self, Self::Body | Self::Uri | Self::Query)
    }
}

/// Inclusive bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub min: Option<i64>,
    /// The greatest.
    pub max: Option<i64>,
}

/// An XML namespace declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XmlNamespace {
    /// The namespace's name.
    pub uri: &'static str,
    /// Empty for the default namespace.
    pub prefix: &'static str,
}

/// What makes a structure an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorTrait {
    /// The code in the service's protocol.
    pub code: &'static str,
    /// The code that clients of the older query protocol know, where it differs.
    pub query_code: Option<&'static str>,
    /// Its text in the query protocol, where it is always the same and another than in newer protocols.
    pub query_message: Option<&'static str>,
    /// HTTP status.
    pub status: u16,
    /// Whether the caller is at fault.
    pub sender: bool,
}

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// ISO 8601 in UTC.
    Iso8601,
    /// The same, always with milliseconds.
    Iso8601Millis,
    /// Seconds since the epoch, with a fraction if need be.
    EpochSeconds,
    /// RFC 7231, as in HTTP headers.
    HttpDate,
}

/// A schema with every trait absent: generated tables say only what differs.
pub const SCHEMA: Schema = Schema {
    name: "",
    kind: Kind::Structure,
    bounds: Bounds { min: None, max: None },
    pattern: None,
    values: &[],
    members: &[],
    element: None,
    key: None,
    flattened: false,
    sparse: false,
    sensitive: false,
    timestamp: None,
    payload: None,
    unwrapped: false,
    xml_name: None,
    xml_namespace: None,
    error: None,
};

static NOTHING: Schema = SCHEMA;

/// A member with every trait absent.
pub const MEMBER: Member = Member {
    name: "",
    wire: "",
    named: false,
    query: None,
    location: Location::Body,
    required: false,
    flattened: false,
    xml_attribute: false,
    xml_namespace: None,
    idempotency_token: false,
    streaming: false,
    json_header: false,
    timestamp: None,
    target: &NOTHING,
};

impl Schema {
    /// The index of the member with this wire name, trying `guess` first: documents mostly keep the model's order.
    pub(crate) fn member_by_wire(&self, wire: &str, guess: usize) -> Option<usize> {
        match self.members.get(guess) {
            Some(member) if member.wire == wire => Some(guess),
            _ => self.members.iter().position(|member| member.wire == wire),
        }
    }

    /// The entry of a list, or the value of a map. The generator and the loader give every list and map one.
    pub(crate) fn element(&self) -> &'static Member {
        self.element.expect("a list or map has an element")
    }

    /// The key of a map.
    pub(crate) fn key(&self) -> &'static Member {
        self.key.expect("a map has a key")
    }
}

impl Member {
    /// Whether its entries stand directly in the parent.
    pub(crate) fn is_flattened(&self) -> bool {
        self.flattened || self.target.flattened
    }

    /// The entry of a list whose shape says that entries stand in place of the member, under a name of their own.
    /// Where it is the member that says so, they have the member's name.
    pub(crate) fn entry_in_place(&self) -> Option<&'static Member> {
        let list = self.target.kind == Kind::List && self.target.flattened;
        let entry = self.target.element.filter(|_| list && !self.named)?;
        // A name that is the query protocol's own comes from there, where no member said so.
        let entry = (!self.flattened || entry.query.is_some()).then_some(entry)?;
        (entry.named || entry.query.is_some()).then_some(entry)
    }

    /// The format of a timestamp here, given its protocol's default.
    pub(crate) fn timestamp_format(&self, default: TimestampFormat) -> TimestampFormat {
        self.timestamp.or(self.target.timestamp).unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_lookup_survives_a_wrong_guess() {
        static MEMBERS: [Member; 2] =
            [Member { wire: "a", ..MEMBER }, Member { wire: "b", name: "B", ..MEMBER }];
        static S: Schema = Schema { members: &MEMBERS, ..SCHEMA };
        assert_eq!(S.member_by_wire("b", 1), Some(1));
        assert_eq!(S.member_by_wire("b", 0), Some(1));
        assert_eq!(S.member_by_wire("b", 9), Some(1));
        assert_eq!(S.member_by_wire("c", 0), None);
    }
}
