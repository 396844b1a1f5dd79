//! Trees to text, in one form: what is printed is read as the same tree.

use std::fmt;

use crate::tree::{
    Action, Call, Condition, Name, Operand, Path, Placeholders, Projection, SetValue, Step, Test, Update,
    ValueId,
};

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printer { placeholders: &self.placeholders }.test(f, &self.root, Rank::Or)
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printer = Printer { placeholders: &self.placeholders };
        separated(f, ", ", &self.paths, |f, path| printer.path(f, path))
    }
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printer = Printer { placeholders: &self.placeholders };
        for (at, action) in self.actions.iter().enumerate() {
            let word = word(action);
            if at > 0 && word == self::word(&self.actions[at - 1]) {
                f.write_str(", ")?;
            } else {
                write!(f, "{}{word} ", if at > 0 { " " } else { "" })?;
            }
            printer.path(f, action.path())?;
            match action {
                Action::Set(_, value) => {
                    f.write_str(" = ")?;
                    printer.set_value(f, value)?;
                }
                Action::Remove(_) => {}
                Action::Add(_, value) | Action::Delete(_, value) => {
                    f.write_str(" ")?;
                    printer.value(f, *value)?;
                }
            }
        }
        Ok(())
    }
}

fn word(action: &Action) -> &'static str {
    match action {
        Action::Set(..) => "SET",
        Action::Remove(_) => "REMOVE",
        Action::Add(..) => "ADD",
        Action::Delete(..) => "DELETE",
    }
}

/// How strongly what stands around a condition binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Or,
    And,
    Not,
}

struct Printer<'a> {
    placeholders: &'a Placeholders,
}

impl Printer<'_> {
    fn test(&self, f: &mut fmt::Formatter<'_>, test: &Test, around: Rank) -> fmt::Result {
        match test {
            Test::Or(tests) => self.joined(f, tests, " OR ", around > Rank::Or, Rank::And),
            Test::And(tests) => self.joined(f, tests, " AND ", around > Rank::And, Rank::Not),
            Test::Not(test) => {
                f.write_str("NOT ")?;
                self.test(f, test, Rank::Not)
            }
            Test::Compare(comparator, left, right) => {
                self.operand(f, left)?;
                write!(f, " {} ", comparator.sign())?;
                self.operand(f, right)
            }
            Test::Between(operands) => {
                let [value, low, high] = &**operands;
                self.operand(f, value)?;
                f.write_str(" BETWEEN ")?;
                self.operand(f, low)?;
                f.write_str(" AND ")?;
                self.operand(f, high)
            }
            Test::In(value, list) => {
                self.operand(f, value)?;
                f.write_str(" IN (")?;
                separated(f, ", ", list, |f, operand| self.operand(f, operand))?;
                f.write_str(")")
            }
            Test::Call(call) => self.call(f, call),
        }
    }

    fn joined(
        &self,
        f: &mut fmt::Formatter<'_>,
        tests: &[Test],
        word: &str,
        parentheses: bool,
        inside: Rank,
    ) -> fmt::Result {
        if parentheses {
            f.write_str("(")?;
        }
        separated(f, word, tests, |f, test| self.test(f, test, inside))?;
        if parentheses { f.write_str(")") } else { Ok(()) }
    }

    fn operand(&self, f: &mut fmt::Formatter<'_>, operand: &Operand) -> fmt::Result {
        match operand {
            Operand::Path(path) => self.path(f, path),
            Operand::Value(value) => self.value(f, *value),
            Operand::Call(call) => self.call(f, call),
        }
    }

    fn call(&self, f: &mut fmt::Formatter<'_>, call: &Call) -> fmt::Result {
        write!(f, "{}(", call.function.name())?;
        separated(f, ", ", &call.operands, |f, operand| self.operand(f, operand))?;
        f.write_str(")")
    }

    fn set_value(&self, f: &mut fmt::Formatter<'_>, value: &SetValue) -> fmt::Result {
        match value {
            SetValue::Operand(operand) => self.operand(f, operand),
            SetValue::Plus(left, right) | SetValue::Minus(left, right) => {
                self.operand(f, left)?;
                f.write_str(if matches!(value, SetValue::Plus(..)) { " + " } else { " - " })?;
                self.operand(f, right)
            }
        }
    }

    fn value(&self, f: &mut fmt::Formatter<'_>, value: ValueId) -> fmt::Result {
        f.write_str(&self.placeholders.values[value.0 as usize])
    }

    fn name(&self, f: &mut fmt::Formatter<'_>, name: &Name) -> fmt::Result {
        match name {
            Name::Literal(text) => f.write_str(text),
            Name::Placeholder(at) => f.write_str(&self.placeholders.names[usize::from(*at)]),
        }
    }

    fn path(&self, f: &mut fmt::Formatter<'_>, path: &Path) -> fmt::Result {
        self.name(f, &path.head)?;
        for step in &path.rest {
            match step {
                Step::Name(name) => {
                    f.write_str(".")?;
                    self.name(f, name)?;
                }
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    separator: &str,
    parts: &[T],
    mut print: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        print(f, part)?;
    }
    Ok(())
}
