//! Values and paths in statements.

use attribute::{Invalid, Kind, Set, Text, Value};

use super::StatementError;
use super::lex::Token;
use super::parse::{DEPTH_MAX, Parser, TOKEN};
use crate::error::Reason;
use crate::limits::INDEX_MAX;
use crate::tree::{Call, Function, Name, Operand, Path, Step};

impl Parser<'_> {
    pub fn path(&mut self) -> Result<Path, StatementError> {
        let (Token::Word(head) | Token::Quoted(head)) = self.advance() else { return Err(TOKEN) };
        let mut path = Path { head: Name::Literal(Text::from(head)), rest: Vec::new() };
        loop {
            if self.take_sign(".") {
                let (Token::Word(name) | Token::Quoted(name)) = self.advance() else { return Err(TOKEN) };
                path.rest.push(Step::Name(Name::Literal(Text::from(name))));
            } else if self.take_sign("[") {
                path.rest.push(match self.advance() {
                    Token::Number(digits) => Step::Index(index(&digits)?),
                    Token::Text(name) => Step::Name(Name::Literal(Text::from(name))),
                    _ => return Err(TOKEN),
                });
                self.expect_sign("]")?;
            } else {
                break;
            }
        }
        let steps = path.rest.len() + 1;
        if steps > crate::limits::PATH_STEPS_MAX { Err(Reason::PathDepth(steps).into()) } else { Ok(path) }
    }

    /// A value, a path, or a function that has a value.
    pub fn operand(&mut self) -> Result<Operand, StatementError> {
        if self.is_call() {
            let (function, operands) = self.call()?;
            return Ok(Operand::Call(Box::new(Call { function, operands })));
        }
        let constant = ["TRUE", "FALSE", "NULL"].iter().any(|word| self.is_word(word));
        match self.token() {
            Token::Word(_) if !constant => Ok(Operand::Path(self.path()?)),
            Token::Quoted(_) => Ok(Operand::Path(self.path()?)),
            _ => {
                let value = self.literal()?;
                Ok(Operand::Value(self.keep(value)))
            }
        }
    }

    /// A function, whose name may be in any case here, and its operands.
    pub fn call(&mut self) -> Result<(Function, Vec<Operand>), StatementError> {
        let Token::Word(name) = self.advance() else { return Err(TOKEN) };
        let function =
            Function::from_name(&name.to_ascii_lowercase()).ok_or(Reason::UnknownFunction(name))?;
        self.expect_sign("(")?;
        self.deeper(|parser| {
            let mut operands = vec![parser.operand()?];
            while parser.take_sign(",") {
                operands.push(parser.operand()?);
            }
            parser.expect_sign(")")?;
            Ok((function, operands))
        })
    }

    pub fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StatementError>,
    ) -> Result<T, StatementError> {
        if self.depth == DEPTH_MAX {
            return Err(Invalid::Depth.into());
        }
        self.depth += 1;
        let result = read(self)?;
        self.depth -= 1;
        Ok(result)
    }

    /// A value that stands in the statement, or that a question mark stands for.
    pub fn literal(&mut self) -> Result<Value, StatementError> {
        match self.advance() {
            Token::Text(text) => Ok(Value::S(Text::from(text))),
            Token::Number(text) => Ok(Value::N(text.parse().map_err(Invalid::Number)?)),
            Token::Sign("?") => self.parameter(),
            Token::Sign("-") => match self.deeper(Self::literal)? {
                Value::N(number) => Ok(Value::N(-number)),
                _ => Err(TOKEN),
            },
            Token::Sign("+") => match self.deeper(Self::literal)? {
                Value::N(number) => Ok(Value::N(number)),
                _ => Err(TOKEN),
            },
            Token::Sign("[") => Ok(Value::L(self.members("]")?)),
            Token::Sign("<<") => set(self.members(">>")?),
            Token::Sign("{") => self.deeper(Self::entries).map(Value::M),
            Token::Word(word) if word.eq_ignore_ascii_case("TRUE") => Ok(Value::Bool(true)),
            Token::Word(word) if word.eq_ignore_ascii_case("FALSE") => Ok(Value::Bool(false)),
            Token::Word(word) if word.eq_ignore_ascii_case("NULL") => Ok(Value::Null),
            _ => Err(TOKEN),
        }
    }

    fn members(&mut self, end: &str) -> Result<Vec<Value>, StatementError> {
        self.deeper(|parser| {
            let mut values = Vec::new();
            while !parser.take_sign(end) {
                if !values.is_empty() {
                    parser.expect_sign(",")?;
                }
                values.push(parser.literal()?);
            }
            Ok(values)
        })
    }
}

fn index(digits: &str) -> Result<u32, StatementError> {
    let wrong = || Reason::Index(digits.to_owned()).into();
    digits.parse().ok().filter(|index| *index <= INDEX_MAX).ok_or_else(wrong)
}

/// A bag is a set, of members of one type.
fn set(members: Vec<Value>) -> Result<Value, StatementError> {
    let texts = || members.iter().map(plain).collect::<Vec<_>>().join(", ");
    match members.first().map(Value::kind) {
        None => Err(Invalid::EmptyStrings.into()),
        Some(Kind::S) => {
            let of = |member: &Value| if let Value::S(text) = member { Some(text.clone()) } else { None };
            let all = members.iter().map(of).collect::<Option<Vec<_>>>().ok_or(TOKEN)?;
            Set::new(all).map(Value::Ss).map_err(|_| Invalid::DuplicateStrings(texts()).into())
        }
        Some(Kind::N) => {
            let of = |member: &Value| if let Value::N(number) = member { Some(*number) } else { None };
            let all = members.iter().map(of).collect::<Option<Vec<_>>>().ok_or(TOKEN)?;
            Set::new(all).map(Value::Ns).map_err(|_| Invalid::DuplicateNumbers.into())
        }
        Some(Kind::B) => {
            let of = |member: &Value| if let Value::B(blob) = member { Some(blob.clone()) } else { None };
            let all = members.iter().map(of).collect::<Option<Vec<_>>>().ok_or(TOKEN)?;
            Set::new(all).map(Value::Bs).map_err(|_| Invalid::DuplicateBinaries(texts()).into())
        }
        Some(_) => Err(TOKEN),
    }
}

/// A member as errors show it.
fn plain(value: &Value) -> String {
    let shown = value.to_string();
    let inner = shown.split_once(':').map_or(shown.as_str(), |(_, inner)| inner);
    inner.strip_suffix('}').unwrap_or(inner).to_owned()
}
