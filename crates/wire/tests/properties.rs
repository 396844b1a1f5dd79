//! What holds for every value and every body.

mod kitchen;

use proptest::prelude::*;
use wire::{Bytes, Document, Dyn, Protocol, Slot, Structure, Timestamp, Value, View, codec};

use kitchen::{BOUND, BOUND_OPERATION, KITCHEN, OPERATION, PROTOCOLS, decode};

/// Deeper kitchens have scalars only, so that values stay small.
const MAX_DEPTH: usize = 3;

/// Random choices, then zeros.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }
    fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }
    fn text(&mut self) -> String {
        const CHARACTERS: [char; 12] =
            ['a', 'Z', '"', '\\', '\n', '\u{0}', '<', '&', 'ä', '\u{2028}', '😀', ' '];
        (0..self.byte() % 6).map(|_| CHARACTERS[usize::from(self.byte()) % CHARACTERS.len()]).collect()
    }
}

fn fill_structure(into: &mut dyn Structure, choices: &mut Choices<'_>, depth: usize, documents: bool) {
    for i in 0..into.schema().members.len() {
        let skipped = into.schema().members[i].name == "Document" && !documents;
        if choices.byte() % 3 == 1 && !skipped {
            fill(into.get_mut(i), choices, depth, documents);
        }
    }
}

fn fill(value: &mut dyn Value, choices: &mut Choices<'_>, depth: usize, documents: bool) {
    let count = if depth < MAX_DEPTH { choices.byte() % 3 } else { 0 };
    match value.slot() {
        Slot::Bool(v) => *v = choices.byte() % 2 == 1,
        Slot::Int(v) => *v = choices.word() as i32,
        Slot::Long(v) => *v = choices.word() as i64,
        Slot::Float(v) => *v = f32::from_bits(choices.word() as u32),
        Slot::Double(v) => *v = f64::from_bits(choices.word()),
        Slot::Text(v) => v.set(choices.text()),
        Slot::Blob(v) => *v = Bytes::from(choices.text()),
        Slot::Time(v) => *v = Timestamp::from_millis(choices.word() as i64 % 60_000_000_000_000),
        Slot::Document(v) => {
            *v =
                Document::List(vec![Document::Text(choices.text()), Document::Number(choices.word().into())]);
        }
        Slot::List(list) => (0..count).for_each(|_| fill(list.push(), choices, depth + 1, documents)),
        Slot::Map(map) => {
            (0..count).for_each(|_| fill(map.insert(choices.text()), choices, depth + 1, documents))
        }
        Slot::Struct(v) if depth < MAX_DEPTH => fill_structure(v, choices, depth + 1, documents),
        Slot::Struct(_) => {}
        Slot::Stream(_) | Slot::Own(_) => unreachable!("no stream or own form is part of a document"),
        Slot::Union(v) => fill(v.select(usize::from(choices.byte() % 2)), choices, depth + 1, documents),
    }
}

fn random(bytes: &[u8], documents: bool) -> Box<dyn Structure> {
    let mut value = Dyn::structure(&KITCHEN);
    fill_structure(&mut *value, &mut Choices(bytes.iter()), 0, documents);
    value
}

/// Everything that a value holds, as a text. Not-a-number is one value, whatever its bits.
fn dump(view: View<'_>, out: &mut String) {
    match view {
        View::Absent => out.push('-'),
        View::Stream(_) | View::Own(_) => unreachable!("no stream or own form is part of a document"),
        View::Float(v) if v.is_nan() => out.push_str("nan"),
        View::Double(v) if v.is_nan() => out.push_str("nan"),
        View::Bool(v) => *out += &format!("{v};"),
        View::Int(v) => *out += &format!("{v};"),
        View::Float(v) => *out += &format!("{};", v.to_bits()),
        View::Double(v) => *out += &format!("{};", v.to_bits()),
        View::Text(v) => *out += &format!("{v:?};"),
        View::Blob(v) => *out += &format!("{v:?};"),
        View::Time(v) => *out += &format!("{}ms;", v.millis()),
        View::Document(v) => *out += &format!("{v:?};"),
        View::List(list) => {
            out.push('[');
            (0..list.len()).for_each(|i| dump(list.get(i).view(), out));
            out.push(']');
        }
        View::Map(map) => {
            out.push('{');
            map.visit(&mut |key, value| {
                *out += &format!("{key:?}=");
                dump(value.view(), out);
                true
            });
            out.push('}');
        }
        View::Struct(v) => {
            out.push('(');
            (0..v.schema().members.len()).for_each(|i| dump(v.get(i).view(), out));
            out.push(')');
        }
        View::Union(v) => {
            if let Some((i, value)) = v.active() {
                *out += &format!("{i}:");
                dump(value.view(), out);
            }
        }
    }
}

fn dumped(value: &dyn Structure) -> String {
    let mut out = String::new();
    dump(View::Struct(value), &mut out);
    out
}

fn encoded(protocol: Protocol, value: &dyn Structure) -> Bytes {
    codec(protocol).encode(&OPERATION, value, "id").body
}

/// A valid document of every protocol, to be damaged.
fn valid(protocol: Protocol, value: &dyn Structure) -> Vec<u8> {
    match protocol {
        Protocol::Query => b"Boolean=true&Integer=1&Texts.member.1=a&KitchenMap.entry.1.key=k&KitchenMap.entry.1.value.\
                             Nested.Nested.Double=1.5&Timestamp=2014-04-29T18:30:38Z&Blob=YQ%3D%3D&Choice.Number=7"
            .to_vec(),
        Protocol::Ec2 => b"Boolean=true&Integer=1&Texts.1=a&Nested.Nested.String=%C3%A4&Kitchens.1.Long=5".to_vec(),
        protocol => encoded(protocol, value).to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn json_reads_what_it_wrote(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let value = random(&bytes, true);
        for protocol in [Protocol::Json10, Protocol::RestJson] {
            let body = encoded(protocol, &*value);
            let read = decode(protocol, &body).map_err(|e| TestCaseError::fail(format!("{e}: {body:?}")))?;
            prop_assert_eq!(dumped(&*read), dumped(&*value));
        }
    }

    #[test]
    fn cbor_reads_what_it_wrote(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let value = random(&bytes, false);
        let body = encoded(Protocol::RpcCbor, &*value);
        let read = decode(Protocol::RpcCbor, &body).map_err(|e| TestCaseError::fail(format!("{e}: {body:?}")))?;
        prop_assert_eq!(dumped(&*read), dumped(&*value));
    }

    #[test]
    fn no_body_is_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for protocol in PROTOCOLS {
            let _ = decode(protocol, &bytes);
        }
    }

    #[test]
    fn no_damage_is_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let value = random(&bytes, true);
        for protocol in PROTOCOLS {
            let mut body = valid(protocol, &*value);
            for (at, byte, how) in &damage {
                let at = at.index(body.len() + 1);
                match how {
                    0 => body.insert(at, *byte),
                    1 if at < body.len() => body[at] = *byte,
                    _ => body.truncate(at),
                }
            }
            let _ = decode(protocol, &body);
        }
    }
}

proptest! {
    #[test]
    fn no_path_query_or_header_is_a_panic(
        path in "/a/[a-c%/+]{0,8}/[%/0-9a-f\\u{e4}]{0,12}",
        query in "(number|texts|all|x|[%=&+]{1,3})(=[0-9%&=+a-f]{0,6})?(&texts=[%a-f0-9]{0,4})?",
        header in "[ -~\\u{e4}]{0,20}",
    ) {
        let mut headers = http::HeaderMap::new();
        for name in ["x-time", "x-list", "x-meta-a"] {
            if let Ok(value) = http::HeaderValue::from_bytes(header.as_bytes()) {
                headers.insert(name, value);
            }
        }
        let request =
            wire::Request { path: &path, query: &query, headers: &headers, body: &Bytes::new(), stream: None, params: None };
        for protocol in [Protocol::RestJson, Protocol::RestXml] {
            let mut input = Dyn::structure(&BOUND);
            let _ = codec(protocol).decode(&BOUND_OPERATION, &request, &mut *input);
        }
    }
}

#[test]
fn bindings_are_read() {
    let headers: http::HeaderMap = [("x-list", "a, \"b,c\""), ("x-meta-k", "v")]
        .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
        .into_iter()
        .collect();
    let request = wire::Request {
        path: "/a/%C3%A4/b/c",
        query: "x&number=5&texts=a&texts=b",
        headers: &headers,
        body: &Bytes::new(),
        stream: None,
        params: None,
    };
    let mut input = Dyn::structure(&BOUND);
    // The map takes numbers only.
    let error = codec(Protocol::RestJson).decode(&BOUND_OPERATION, &request, &mut *input);
    assert!(error.is_err_and(|e| e.to_string().contains("integer")));
    let request = wire::Request { query: "x&number=5", ..request };
    let mut input = Dyn::structure(&BOUND);
    codec(Protocol::RestJson).decode(&BOUND_OPERATION, &request, &mut *input).expect("a readable request");
    assert_eq!(dumped(&*input), "(\"ä\";\"b/c\";5;-{\"number\"=5;}-[\"a\";\"b,c\";]{\"k\"=\"v\";}-)");
}

#[test]
fn random_values_have_every_member() {
    let mut state = 1u32;
    let mut bytes = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut seen = vec![0; KITCHEN.members.len()];
    for _ in 0..64 {
        let entropy: Vec<u8> = (0..300).map(|_| bytes()).collect();
        let value = random(&entropy, true);
        for (i, count) in seen.iter_mut().enumerate() {
            *count += usize::from(!matches!(value.get(i).view(), View::Absent));
        }
    }
    assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
}

#[test]
fn the_documents_to_be_damaged_are_valid() {
    let value = random(&[1; 100], false);
    for protocol in PROTOCOLS {
        let body = valid(protocol, &*value);
        assert!(decode(protocol, &body).is_ok(), "{protocol:?}: {:?}", String::from_utf8_lossy(&body));
    }
}
