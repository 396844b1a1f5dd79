//! The constraints of the models, checked in one place.

use std::fmt::Write as _;

use crate::error::{CommonError, DecodeError};
use crate::schema::{Bounds, Member, Schema};
use crate::value::{Structure, Value, View};

/// One constraint that an input breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Where: members joined by dots, in the form that error texts use (`entries.1.member.id`).
    pub path: String,
    /// The name of the innermost member, as the model has it.
    pub member: &'static str,
    /// The value as text; `None` when it is absent or must not be shown.
    pub value: Option<String>,
    /// What was asked for.
    pub constraint: Constraint,
}

/// The kinds of constraint.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Constraint {
    Required,
    LengthMin(i64),
    LengthMax(i64),
    ValueMin(i64),
    ValueMax(i64),
    Pattern(&'static str),
    OneOf(&'static [&'static str]),
}

/// How a service speaks of broken constraints. Most use the common text; some check by themselves or have
/// their own words.
#[derive(Clone, Copy)]
pub struct Dialect {
    /// Turns the violations of one input (at least one, in the order of the model) into an error; `None` lets
    /// the input pass, for the service to check itself.
    pub render: fn(&[Violation]) -> Option<CommonError>,
    /// Turns what cannot be read of a request into an error.
    pub unread: fn(DecodeError) -> CommonError,
}

/// More than these are not listed: an answer stays short whatever the input.
const MAX_VIOLATIONS: usize = 16;
/// Longer values are cut where a text quotes them.
const MAX_QUOTED: usize = 1024;

impl Dialect {
    /// The common text with the protocol's common code.
    pub const STANDARD: Dialect = Dialect {
        render: |violations| Some(CommonError::Validation(standard_text(violations))),
        unread: CommonError::Malformed,
    };

    /// Checks an input.
    pub fn check(&self, input: &dyn Structure) -> Result<(), CommonError> {
        let violations = violations(input);
        if violations.is_empty() {
            return Ok(());
        }
        (self.render)(&violations).map_or(Ok(()), Err)
    }
}

/// The common text: the number of violations and a clause for each.
pub fn standard_text(violations: &[Violation]) -> String {
    let plural = if violations.len() == 1 { "" } else { "s" };
    let mut text = format!("{} validation error{plural} detected: ", violations.len());
    for (i, violation) in violations.iter().enumerate() {
        if i > 0 {
            text.push_str("; ");
        }
        text.push_str(&violation.clause());
    }
    text
}

impl Violation {
    fn clause(&self) -> String {
        let value = match (&self.value, &self.constraint) {
            (Some(value), _) => format!("Value '{value}'"),
            (None, Constraint::Required) => "Value null".to_owned(),
            (None, _) => "Value".to_owned(),
        };
        let rule = match &self.constraint {
            Constraint::Required => "Member must not be null".to_owned(),
            Constraint::LengthMin(n) => format!("Member must have length greater than or equal to {n}"),
            Constraint::LengthMax(n) => format!("Member must have length less than or equal to {n}"),
            Constraint::ValueMin(n) => format!("Member must have value greater than or equal to {n}"),
            Constraint::ValueMax(n) => format!("Member must have value less than or equal to {n}"),
            Constraint::Pattern(p) => format!("Member must satisfy regular expression pattern: {p}"),
            Constraint::OneOf(values) => {
                format!("Member must satisfy enum value set: [{}]", values.join(", "))
            }
        };
        format!("{value} at '{}' failed to satisfy constraint: {rule}", self.path)
    }
}

/// All violations of an input, up to a limit, in the order of the model.
pub fn violations(input: &dyn Structure) -> Vec<Violation> {
    let mut walk = Walk { path: String::new(), found: Vec::new() };
    walk.structure(input);
    walk.found
}

struct Walk {
    path: String,
    found: Vec<Violation>,
}

impl Walk {
    fn structure(&mut self, value: &dyn Structure) {
        for (i, member) in value.schema().members.iter().enumerate() {
            self.member(member, value.get(i));
        }
    }

    fn member(&mut self, member: &'static Member, value: &dyn Value) {
        let view = value.view();
        let absent = matches!(view, View::Absent);
        if absent && (!member.required || member.idempotency_token) {
            return;
        }
        if !absent && is_plain(member.target) {
            return;
        }
        self.inside(member.name, |walk| {
            // The texts name members in lower camel case.
            let start = walk.path.len() - member.name.len();
            if let Some(first) = walk.path.get_mut(start..start + 1) {
                first.make_ascii_lowercase();
            }
            if absent {
                walk.report(member, None, Constraint::Required);
            } else {
                walk.value(member, view);
            }
        });
    }

    /// Runs `f` with one more part on the path.
    fn inside(&mut self, part: &str, f: impl FnOnce(&mut Self)) {
        if self.found.len() >= MAX_VIOLATIONS {
            return;
        }
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(part);
        f(self);
        self.path.truncate(before);
    }

    fn report(&mut self, member: &'static Member, value: Option<&str>, constraint: Constraint) {
        let shown = value.filter(|_| !member.target.sensitive).map(|text| {
            let end = text.char_indices().nth(MAX_QUOTED).map_or(text.len(), |(at, _)| at);
            text[..end].to_owned()
        });
        self.found.push(Violation { path: self.path.clone(), member: member.name, value: shown, constraint });
    }

    fn value(&mut self, member: &'static Member, view: View<'_>) {
        let schema = member.target;
        match view {
            View::Absent
            | View::Bool(_)
            | View::Time(_)
            | View::Document(_)
            | View::Own(_)
            | View::Stream(_) => {}
            View::Int(n) => self.number(member, n as f64, || n.to_string()),
            View::Float(n) => self.number(member, f64::from(n), || n.to_string()),
            View::Double(n) => self.number(member, n, || n.to_string()),
            View::Text(text) => self.text(member, text),
            View::Blob(blob) => self.length(member, blob.len(), || None),
            View::List(list) => {
                self.length(member, list.len(), || Some("[...]".to_owned()));
                if !is_plain(schema.element().target) {
                    for i in 0..list.len() {
                        self.entry(i + 1, schema.element(), list.get(i));
                    }
                }
            }
            View::Map(map) => {
                self.length(member, map.len(), || Some("{...}".to_owned()));
                let (key_member, element) = (schema.key(), schema.element());
                if !(is_plain(key_member.target) && is_plain(element.target)) {
                    map.visit(&mut |key, value| {
                        self.inside(key, |walk| {
                            walk.inside("key", |walk| walk.text(key_member, key));
                            walk.inside("member", |walk| walk.value(element, value.view()));
                        });
                        self.found.len() < MAX_VIOLATIONS
                    });
                }
            }
            View::Struct(structure) => self.structure(structure),
            View::Union(union) => {
                if let Some((i, value)) = union.active() {
                    self.member(&union.schema().members[i], value);
                }
            }
        }
    }

    fn entry(&mut self, number: usize, member: &'static Member, value: &dyn Value) {
        let mut part = String::with_capacity(16);
        // Writing to a text cannot fail.
        let _ = write!(part, "{number}.member");
        self.inside(&part, |walk| walk.value(member, value.view()));
    }

    fn text(&mut self, member: &'static Member, text: &str) {
        let schema = member.target;
        let Bounds { min, max } = schema.bounds;
        if min.is_some() || max.is_some() {
            // Length is in characters; bytes are an upper bound that mostly settles it.
            let chars = text.chars().count() as i64;
            if min.is_some_and(|min| chars < min) {
                self.report(member, Some(text), Constraint::LengthMin(min.unwrap_or(0)));
            }
            if max.is_some_and(|max| chars > max) {
                self.report(member, Some(text), Constraint::LengthMax(max.unwrap_or(0)));
                // A pattern is never tried on a text that is too long.
                return;
            }
        }
        if let Some(pattern) = schema.pattern.filter(|pattern| !pattern.matches(text)) {
            self.report(member, Some(text), Constraint::Pattern(pattern.source()));
        }
        if !schema.values.is_empty() && !schema.values.contains(&text) {
            self.report(member, Some(text), Constraint::OneOf(schema.values));
        }
    }

    fn length(&mut self, member: &'static Member, len: usize, shown: impl Fn() -> Option<String>) {
        let (len, Bounds { min, max }) = (len as i64, member.target.bounds);
        if let Some(min) = min.filter(|min| len < *min) {
            self.report(member, shown().as_deref(), Constraint::LengthMin(min));
        }
        if let Some(max) = max.filter(|max| len > *max) {
            self.report(member, shown().as_deref(), Constraint::LengthMax(max));
        }
    }

    fn number(&mut self, member: &'static Member, n: f64, shown: impl Fn() -> String) {
        let Bounds { min, max } = member.target.bounds;
        if let Some(min) = min.filter(|min| n < *min as f64) {
            self.report(member, Some(&shown()), Constraint::ValueMin(min));
        }
        if let Some(max) = max.filter(|max| n > *max as f64) {
            self.report(member, Some(&shown()), Constraint::ValueMax(max));
        }
    }
}

/// A scalar without any constraint: nothing to visit.
fn is_plain(schema: &Schema) -> bool {
    schema.members.is_empty()
        && schema.element.is_none()
        && schema.bounds == Bounds::default()
        && schema.pattern.is_none()
        && schema.values.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamic::Dyn;
    use crate::pattern::Pattern;
    use crate::schema::{Kind, MEMBER, SCHEMA};
    use crate::value::Slot;

    static LOWER: Pattern = Pattern::new("[a-z]*");
    /// Any text that ends in `c` matches only after much backtracking.
    static SLOW: Pattern = Pattern::new("(?=(a+)+$)(a|b)*c");
    static NAME: Schema = Schema {
        kind: Kind::String,
        bounds: Bounds { min: Some(2), max: Some(4) },
        pattern: Some(&LOWER),
        ..SCHEMA
    };
    static LONG_NAME: Schema = Schema {
        kind: Kind::String,
        bounds: Bounds { min: None, max: Some(10) },
        pattern: Some(&SLOW),
        ..SCHEMA
    };
    static SECRET: Schema =
        Schema { kind: Kind::String, bounds: Bounds { min: Some(8), max: None }, sensitive: true, ..SCHEMA };
    static COLOUR: Schema = Schema { kind: Kind::String, values: &["red", "blue"], ..SCHEMA };
    static COUNT: Schema =
        Schema { kind: Kind::Integer, bounds: Bounds { min: Some(1), max: Some(10) }, ..SCHEMA };
    static DATA: Schema = Schema { kind: Kind::Blob, bounds: Bounds { min: None, max: Some(2) }, ..SCHEMA };
    static ITEM: Schema = Schema { name: "Item", members: &ITEM_MEMBERS, ..SCHEMA };
    static ITEM_MEMBERS: [Member; 1] = [Member { name: "Id", required: true, target: &NAME, ..MEMBER }];
    static ITEM_ENTRY: Member = Member { name: "member", target: &ITEM, ..MEMBER };
    static ITEMS: Schema = Schema {
        kind: Kind::List,
        element: Some(&ITEM_ENTRY),
        bounds: Bounds { min: Some(1), max: Some(100) },
        ..SCHEMA
    };
    static KEY: Member = Member { name: "key", target: &NAME, ..MEMBER };
    static VALUE: Member = Member { name: "value", target: &COUNT, ..MEMBER };
    static COUNTS: Schema = Schema { kind: Kind::Map, key: Some(&KEY), element: Some(&VALUE), ..SCHEMA };
    static CHOICE: Schema = Schema { kind: Kind::Union, members: &ITEM_MEMBERS, ..SCHEMA };
    static INPUT: Schema = Schema { name: "Input", members: &MEMBERS, ..SCHEMA };
    static MEMBERS: [Member; 10] = [
        Member { name: "Name", required: true, target: &NAME, ..MEMBER },
        Member { name: "Token", required: true, idempotency_token: true, target: &NAME, ..MEMBER },
        Member { name: "LongName", target: &LONG_NAME, ..MEMBER },
        Member { name: "Password", target: &SECRET, ..MEMBER },
        Member { name: "Colour", target: &COLOUR, ..MEMBER },
        Member { name: "Count", target: &COUNT, ..MEMBER },
        Member { name: "Data", target: &DATA, ..MEMBER },
        Member { name: "Items", target: &ITEMS, ..MEMBER },
        Member { name: "Counts", target: &COUNTS, ..MEMBER },
        Member { name: "Choice", target: &CHOICE, ..MEMBER },
    ];

    /// The violations of an input that was filled from JSON.
    fn check(json: &str) -> Vec<Violation> {
        let mut input = Dyn::structure(&INPUT);
        // The members of these schemas have no names on the wire but those of the model.
        fill(&mut *input, &serde_json::from_str(json).unwrap());
        violations(&*input)
    }

    fn fill(into: &mut dyn Structure, json: &serde_json::Value) {
        for (name, json) in json.as_object().unwrap() {
            let at = into.schema().members.iter().position(|m| m.name == name).unwrap();
            fill_value(into.get_mut(at), json);
        }
    }

    fn fill_value(value: &mut dyn Value, json: &serde_json::Value) {
        match value.slot() {
            Slot::Text(v) => v.set(json.as_str().unwrap().to_owned()),
            Slot::Int(v) => *v = json.as_i64().unwrap() as i32,
            Slot::Blob(v) => *v = json.as_str().unwrap().to_owned().into(),
            Slot::List(v) => json.as_array().unwrap().iter().for_each(|json| fill_value(v.push(), json)),
            Slot::Map(v) => {
                json.as_object()
                    .unwrap()
                    .iter()
                    .for_each(|(key, json)| fill_value(v.insert(key.clone()), json));
            }
            Slot::Struct(v) => fill(v, json),
            Slot::Union(v) => fill_value(v.select(0), &json["Id"]),
            _ => panic!("no such member"),
        }
    }

    #[test]
    fn what_is_right_passes() {
        let json = r#"{"Name":"abc","Colour":"red","Count":10,"Data":"ab","Items":[{"Id":"ab"}],"Counts":{"ab":1},
            "Choice":{"Id":"ab"},"Password":"12345678"}"#;
        assert_eq!(check(json), []);
        assert!(
            Dialect::STANDARD
                .check(&*{
                    let mut input = Dyn::structure(&INPUT);
                    fill(&mut *input, &serde_json::from_str(json).unwrap());
                    input
                })
                .is_ok()
        );
    }

    #[test]
    fn each_constraint_has_its_text() {
        let cases = [
            ("{}", "Value null at 'name' failed to satisfy constraint: Member must not be null"),
            (
                r#"{"Name":"a"}"#,
                "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
            ),
            (
                r#"{"Name":"abcde"}"#,
                "Value 'abcde' at 'name' failed to satisfy constraint: Member must have length less than or equal to 4",
            ),
            (
                r#"{"Name":"AB"}"#,
                "Value 'AB' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
            ),
            (
                r#"{"Name":"ab","Colour":"green"}"#,
                "Value 'green' at 'colour' failed to satisfy constraint: Member must satisfy enum value set: [red, blue]",
            ),
            (
                r#"{"Name":"ab","Count":0}"#,
                "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1",
            ),
            (
                r#"{"Name":"ab","Count":11}"#,
                "Value '11' at 'count' failed to satisfy constraint: Member must have value less than or equal to 10",
            ),
            (
                r#"{"Name":"ab","Data":"abc"}"#,
                "Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 2",
            ),
            (
                r#"{"Name":"ab","Items":[]}"#,
                "Value '[...]' at 'items' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
            (
                r#"{"Name":"ab","Password":"geheim"}"#,
                "Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 8",
            ),
        ];
        for (json, clause) in cases {
            assert_eq!(
                standard_text(&check(json)),
                format!("1 validation error detected: {clause}"),
                "{json}"
            );
        }
    }

    #[test]
    fn paths_lead_to_the_value() {
        let paths = |json: &str| check(json).into_iter().map(|v| v.path).collect::<Vec<_>>();
        assert_eq!(
            paths(r#"{"Name":"ab","Items":[{"Id":"ab"},{},{"Id":"x"}]}"#),
            ["items.2.member.id", "items.3.member.id"]
        );
        assert_eq!(paths(r#"{"Name":"ab","Counts":{"ab":0,"x":1}}"#), ["counts.ab.member", "counts.x.key"]);
        assert_eq!(paths(r#"{"Name":"ab","Choice":{"Id":"x"}}"#), ["choice.id"]);
    }

    #[test]
    fn several_are_counted_up_to_a_limit() {
        let text = standard_text(&check(r#"{"Name":"A","Count":0}"#));
        assert!(text.starts_with("3 validation errors detected: Value 'A' at 'name'"), "{text}");
        assert_eq!(text.matches("; ").count(), 2);
        let items = vec!["{}"; 50].join(",");
        assert_eq!(check(&format!(r#"{{"Name":"ab","Items":[{items}]}}"#)).len(), MAX_VIOLATIONS);
    }

    #[test]
    fn lengths_are_in_characters_and_quotes_are_cut() {
        assert_eq!(check(r#"{"Name":"äöüß"}"#).len(), 1, "the pattern only");
        let found = check(&format!(r#"{{"Name":"{}"}}"#, "ä".repeat(5000)));
        assert_eq!(found[0].value.as_ref().unwrap().chars().count(), MAX_QUOTED);
    }

    #[test]
    fn no_pattern_is_tried_on_a_text_that_is_too_long() {
        let found = check(&format!(r#"{{"Name":"ab","LongName":"{}"}}"#, "a".repeat(1_000_000)));
        assert_eq!(found.iter().map(|v| &v.constraint).collect::<Vec<_>>(), [&Constraint::LengthMax(10)]);
    }

    #[test]
    fn a_service_may_check_for_itself() {
        let lenient = Dialect { render: |_| None, ..Dialect::STANDARD };
        assert!(lenient.check(&*Dyn::structure(&INPUT)).is_ok());
        assert_eq!(
            Dialect::STANDARD.check(&*Dyn::structure(&INPUT)),
            Err(CommonError::Validation(
                "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"
                    .to_owned()
            ))
        );
    }
}
