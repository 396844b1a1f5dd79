//! Texts of a policy with wildcards and variables, and the matcher.
//!
//! The matcher remembers one wildcard at a time: when what follows it does not fit, the wildcard takes one more
//! character. Going back to an earlier wildcard could never help, so the time is at most the text's length times
//! the pattern's, whatever the pattern.

use std::borrow::Cow;

use crate::context::Keys;
use crate::variable::Variable;

/// A compiled text.
#[derive(Debug)]
pub(crate) struct Pattern {
    source: Box<str>,
    parts: Box<[Part]>,
    shape: Shape,
}

#[derive(Debug)]
enum Part {
    Text(Box<str>),
    /// `*`
    Any,
    /// `?`
    One,
    Variable(Variable),
}

/// Forms that need no walk.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// `*`
    Everything,
    /// No wildcard and no variable.
    Exact,
    /// A text and then `*`.
    Prefix,
    General,
    /// Any with a variable that is looked up in the request.
    Variable,
}

/// What a text may hold besides itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Syntax {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${…}` are variables.
    pub variables: bool,
}

/// Whether a text matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Yes,
    No,
    /// A variable has no value in this request, or a value is not of the operator's type.
    Unknown,
}

impl From<bool> for Outcome {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// So many variables of one text are kept on the stack.
const FEW: usize = 4;

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rules {
    Plain,
    /// ASCII letters of either case are the same.
    IgnoreAsciiCase,
}

impl Pattern {
    /// Compiles a text; nothing if a variable is malformed.
    pub(crate) fn parse(source: &str, syntax: Syntax) -> Option<Self> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            let mut special = None;
            let mut after = &rest[c.len_utf8()..];
            match c {
                '*' if syntax.wildcards => special = Some(Part::Any),
                '?' if syntax.wildcards => special = Some(Part::One),
                '$' if syntax.variables && after.starts_with('{') => {
                    let (variable, tail) = Variable::parse(rest)?;
                    after = tail;
                    match variable {
                        Variable::Literal(c) => text.push(c),
                        key => special = Some(Part::Variable(key)),
                    }
                }
                c => text.push(c),
            }
            rest = after;
            if let Some(part) = special {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text).into()));
                }
                // Several `*` in a row mean one.
                if !(matches!(part, Part::Any) && matches!(parts.last(), Some(Part::Any))) {
                    parts.push(part);
                }
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text.into()));
        }
        let shape = match parts.as_slice() {
            [] | [Part::Text(_)] => Shape::Exact,
            [Part::Any] => Shape::Everything,
            [Part::Text(_), Part::Any] => Shape::Prefix,
            parts if parts.iter().any(|part| matches!(part, Part::Variable(_))) => Shape::Variable,
            _ => Shape::General,
        };
        Some(Self { source: source.into(), parts: parts.into(), shape })
    }

    /// The text as the policy has it.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Matches a whole text.
    pub(crate) fn matches(&self, text: &str, keys: &dyn Keys) -> Outcome {
        match self.shape {
            Shape::Everything => Outcome::Yes,
            Shape::Exact => (self.head() == text).into(),
            Shape::Prefix => text.starts_with(self.head()).into(),
            Shape::General => (!self.differs_at_an_end(text) && self.walk(text, &[], Rules::Plain, 0)).into(),
            Shape::Variable if self.differs_at_an_end(text) => Outcome::No,
            Shape::Variable => self.resolved(keys, |values| self.walk(text, values, Rules::Plain, 0)),
        }
    }

    /// Matches a whole text; ASCII letters of either case are the same. For texts without variables.
    pub(crate) fn matches_ignoring_ascii_case(&self, text: &str) -> bool {
        let (head, bytes) = (self.head().as_bytes(), text.as_bytes());
        match self.shape {
            Shape::Everything => true,
            Shape::Exact => head.eq_ignore_ascii_case(bytes),
            Shape::Prefix => bytes.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head)),
            Shape::General | Shape::Variable => self.walk(text, &[], Rules::IgnoreAsciiCase, 0),
        }
    }

    /// Compares with a text without regard to case, for patterns without wildcards.
    pub(crate) fn equals_ignoring_case(&self, text: &str, keys: &dyn Keys) -> Outcome {
        if self.shape != Shape::Variable {
            return same_ignoring_case(self.head(), text).into();
        }
        self.resolved(keys, |variables| {
            let mut variables = variables.iter();
            let mut whole = String::new();
            for part in &self.parts {
                match part {
                    Part::Text(text) => whole.push_str(text),
                    Part::Any => whole.push('*'),
                    Part::One => whole.push('?'),
                    Part::Variable(_) => whole.push_str(variables.next().map_or("", |value| value)),
                }
            }
            same_ignoring_case(&whole, text)
        })
    }

    /// Matches an ARN part by part: up to the fifth colon no wildcard reaches across a colon.
    pub(crate) fn matches_arn(&self, arn: &str, keys: &dyn Keys) -> Outcome {
        let Some(resource) = after_fifth_colon(arn) else { return Outcome::No };
        match self.shape {
            Shape::Exact => (self.head() == arn).into(),
            _ if self.differs_at_an_end(arn) => Outcome::No,
            Shape::Variable => self.resolved(keys, |values| self.walk(arn, values, Rules::Plain, resource)),
            _ => self.walk(arn, &[], Rules::Plain, resource).into(),
        }
    }

    /// The text it begins with.
    fn head(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether a text cannot match because of how it begins or ends, which is how most texts differ.
    fn differs_at_an_end(&self, text: &str) -> bool {
        let tail = match self.parts.last() {
            Some(Part::Text(text)) => text,
            _ => "",
        };
        !text.starts_with(self.head()) || !text.ends_with(tail)
    }

    /// Looks the variables up and then decides.
    fn resolved(&self, keys: &dyn Keys, decide: impl FnOnce(&[Cow<'_, str>]) -> bool) -> Outcome {
        let variables = self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            _ => None,
        });
        // Nearly every text has few variables, and those need no memory of their own.
        let mut few: [Cow<'_, str>; FEW] = Default::default();
        let mut many = Vec::new();
        for (count, variable) in variables.enumerate() {
            let Some(value) = variable.resolve(keys) else { return Outcome::Unknown };
            match few.get_mut(count) {
                Some(place) => *place = value,
                None if many.is_empty() => {
                    many.extend(few.iter_mut().map(std::mem::take));
                    many.push(value);
                }
                None => many.push(value),
            }
        }
        decide(if many.is_empty() { &few } else { &many }).into()
    }

    /// The walk of the module's description. `open` is where in the text wildcards begin to take colons.
    fn walk(&self, text: &str, variables: &[Cow<'_, str>], rules: Rules, open: usize) -> bool {
        let bytes = text.as_bytes();
        let step = |at: usize| -> Option<usize> {
            let first = *bytes.get(at)?;
            (first != b':' || at >= open).then(|| at + width(first))
        };
        let take = |at: usize, expected: &str| -> Option<usize> {
            let found = bytes.get(at..at + expected.len())?;
            let same = match rules {
                Rules::Plain => found == expected.as_bytes(),
                Rules::IgnoreAsciiCase => found.eq_ignore_ascii_case(expected.as_bytes()),
            };
            same.then_some(at + expected.len())
        };
        let mut place = Place { part: 0, variable: 0, at: 0 };
        // What follows the last wildcard, and how far that wildcard has reached.
        let mut wildcard: Option<Place> = None;
        loop {
            let next = match self.parts.get(place.part) {
                Some(Part::Any) => {
                    place.part += 1;
                    wildcard = Some(place);
                    continue;
                }
                Some(Part::One) => step(place.at),
                Some(Part::Text(expected)) => take(place.at, expected),
                Some(Part::Variable(_)) => {
                    let next = variables.get(place.variable).and_then(|expected| take(place.at, expected));
                    place.variable += 1;
                    next
                }
                None if place.at == text.len() => return true,
                None => None,
            };
            if let Some(at) = next {
                place.part += 1;
                place.at = at;
                continue;
            }
            let Some(last) = &mut wildcard else { return false };
            // Nothing follows, so the wildcard takes the rest; unless the colon before `open` is in it.
            if last.part == self.parts.len() {
                return last.at >= open;
            }
            let Some(mut at) = step(last.at) else { return false };
            // Skip to where the text after the wildcard can begin.
            if let (Rules::Plain, Some(Part::Text(expected))) = (rules, self.parts.get(last.part)) {
                let first = expected.as_bytes()[0];
                while bytes.get(at).is_some_and(|byte| *byte != first) {
                    match step(at) {
                        Some(next) => at = next,
                        None => return false,
                    }
                }
            }
            last.at = at;
            place = *last;
        }
    }
}

/// How many bytes the character takes that begins with this one.
fn width(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct Place {
    part: usize,
    variable: usize,
    at: usize,
}

/// Where an ARN's resource begins; nothing if there are fewer than five colons.
pub(crate) fn after_fifth_colon(arn: &str) -> Option<usize> {
    arn.bytes().enumerate().filter(|(_, b)| *b == b':').nth(4).map(|(at, _)| at + 1)
}

fn same_ignoring_case(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
        || (!(a.is_ascii() && b.is_ascii())
            && a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use proptest::prelude::*;

    const WILD: Syntax = Syntax { wildcards: true, variables: true };

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern, WILD).unwrap().matches(text, &Context::new()) == Outcome::Yes
    }

    #[test]
    fn wildcards() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*.txt", "a.txt.txt", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aéc", true),
            ("a??c", "aéc", false),
            ("*é*", "xéy", true),
            ("*/test/*", "1/2/test/3/object", true),
            ("*/test/*", "1-test/object", false),
            ("a*b*c", "abcbc", true),
            ("a*b*c", "acb", false),
            ("**?", "", false),
            ("${*}", "*", true),
            ("${*}", "x", false),
            ("a${?}${$}", "a?$", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn arn_wildcards_stay_between_colons() {
        let arn = |pattern: &str, text: &str| {
            Pattern::parse(pattern, WILD).unwrap().matches_arn(text, &Context::new()) == Outcome::Yes
        };
        let long = "arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
        assert!(!arn("arn:aws:some:*:111122223333:finance/*", long));
        assert!(matches("arn:aws:some:*:111122223333:finance/*", long));
        assert!(arn("arn:*:*:*:*:*", long));
        assert!(arn("arn:aws:some:us-*-2:9*:store/*:finance/*", long));
        assert!(!arn("arn:*", long), "too few parts");
        assert!(!arn("*", long), "too few parts");
        assert!(arn("arn:aws:sns:???-1:1:t", "arn:aws:sns:abc-1:1:t"));
        assert!(!arn("arn:aws:sns:??:1:t", "arn:aws:sns::1:1:t"));
        assert!(!arn("arn:aws:sns:*", "arn:aws:sns"));
        assert!(arn("arn:aws:s3:::*", "arn:aws:s3:::a:b"));
    }

    #[test]
    fn variables_are_literal_and_unknown_when_absent() {
        let mut context = Context::new();
        context.set("aws:username", "J*n");
        context.set("aws:PrincipalArn", "arn:aws:iam::1:user/J*n");
        let home = Pattern::parse("home/${AWS:UserName}/*", WILD).unwrap();
        assert_eq!(home.matches("home/J*n/x", &context), Outcome::Yes);
        assert_eq!(home.matches("home/John/x", &context), Outcome::No, "a value's star is a star");
        assert_eq!(home.matches("home/J*n/x", &Context::new()), Outcome::Unknown);
        assert_eq!(home.matches("away/J*n/x", &Context::new()), Outcome::No);
        let default = Pattern::parse("${aws:PrincipalTag/team, 'company'}-*", WILD).unwrap();
        assert_eq!(default.matches("company-wide", &context), Outcome::Yes);
        context.set("aws:PrincipalTag/Team", "red");
        assert_eq!(default.matches("company-wide", &context), Outcome::No);
        assert_eq!(default.matches("red-", &context), Outcome::Yes);
        let twice = Pattern::parse("*${aws:username}?${aws:PrincipalTag/team}*", WILD).unwrap();
        assert_eq!(twice.matches("J*nJ*n-red", &context), Outcome::Yes);
        let arn = Pattern::parse("${aws:PrincipalArn}", WILD).unwrap();
        assert_eq!(arn.matches_arn("arn:aws:iam::1:user/J*n", &context), Outcome::Yes);
        context.set_many("k", ["a", "b"]);
        let many = Pattern::parse("${k}", WILD).unwrap();
        assert_eq!(many.matches("a", &context), Outcome::Unknown, "a multivalued key has no one text");
    }

    #[test]
    fn case() {
        let mut context = Context::new();
        context.set("k", "ß-X");
        let plain = Pattern::parse("Straße*", Syntax { wildcards: false, variables: true }).unwrap();
        assert_eq!(plain.equals_ignoring_case("sTRASSE*", &context), Outcome::No);
        assert_eq!(plain.equals_ignoring_case("sTRAßE*", &context), Outcome::Yes);
        let variable = Pattern::parse("É${k}", Syntax { wildcards: false, variables: true }).unwrap();
        assert_eq!(variable.equals_ignoring_case("éß-x", &context), Outcome::Yes);
        let action = Pattern::parse("get*Of?", WILD).unwrap();
        assert!(action.matches_ignoring_ascii_case("GetTheAclOFX"));
        assert!(!action.matches_ignoring_ascii_case("PutTheAclOfX"));
    }

    /// The definition, without regard to time.
    fn reference(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|n| reference(rest, &text[n..])),
            ['?', rest @ ..] => !text.is_empty() && reference(rest, &text[1..]),
            [c, rest @ ..] => text.first() == Some(c) && reference(rest, &text[1..]),
        }
    }

    fn reference_arn(pattern: &str, text: &str) -> bool {
        let (pattern, text): (Vec<_>, Vec<_>) =
            (pattern.splitn(6, ':').collect(), text.splitn(6, ':').collect());
        let chars = |s: &str| s.chars().collect::<Vec<_>>();
        pattern.len() == 6
            && text.len() == 6
            && pattern.iter().zip(text).all(|(pattern, text)| reference(&chars(pattern), &chars(text)))
    }

    proptest! {
        #[test]
        fn same_as_the_definition(pattern in "[ab*?é]{0,9}", text in "[abé]{0,9}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), reference(&chars(&pattern), &chars(&text)));
            let folded = Pattern::parse(&pattern.to_ascii_uppercase(), WILD).unwrap();
            prop_assert_eq!(folded.matches_ignoring_ascii_case(&text), reference(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn arns_same_as_the_definition(pattern in "[a*?:]{0,12}", text in "[a:]{0,12}") {
            let compiled = Pattern::parse(&pattern, WILD).unwrap();
            prop_assert_eq!(compiled.matches_arn(&text, &Context::new()) == Outcome::Yes, reference_arn(&pattern, &text));
        }

        #[test]
        fn arns_with_stars_everywhere(pattern in "([a*?]{0,3}:){5}[a*?:]{0,5}", text in "(a{0,3}:){5}[a:]{0,6}") {
            let compiled = Pattern::parse(&pattern, WILD).unwrap();
            prop_assert_eq!(compiled.matches_arn(&text, &Context::new()) == Outcome::Yes, reference_arn(&pattern, &text));
        }

        #[test]
        fn never_panics(pattern in "\\PC{0,20}", text in "\\PC{0,20}") {
            if let Some(pattern) = Pattern::parse(&pattern, WILD) {
                let context = Context::new();
                pattern.matches(&text, &context);
                pattern.matches_arn(&text, &context);
                pattern.matches_ignoring_ascii_case(&text);
            }
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "a*".repeat(500) + "b";
        assert!(!matches(&pattern, &"a".repeat(5_000)));
    }
}
