//! Tokens to trees. What can be told without names and values is told here; the rest when an expression is bound.
//!
//! A text that is not of the language is refused at once. Of everything else that is wrong the service reports the
//! first of the gravest kind, so the parser goes on to the end and keeps the first fault of each kind.

mod condition;
mod projection;
mod update;

use attribute::Text;

use crate::error::Reason;
use crate::lex::{Token, TokenKind, tokens};
use crate::limits::{DEPTH_MAX, EXPRESSION_BYTES_MAX, INDEX_MAX, OPERATORS_MAX, PATH_STEPS_MAX};
use crate::reserved::is_reserved;
use crate::tree::{Call, Function, Name, Operand, Path, Placeholders, Step, ValueId};

/// A language of its own: conditions, updates or projections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Condition,
    Update,
    Projection,
}

impl Language {
    /// Whether a word is a keyword, and so no name.
    fn is_keyword(self, word: &str) -> bool {
        let keywords: &[&str] = match self {
            Language::Condition => &["AND", "OR", "NOT", "IN", "BETWEEN"],
            Language::Update => &["SET", "REMOVE", "ADD", "DELETE"],
            Language::Projection => &[],
        };
        keywords.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
    }
}

/// The first fault of each kind.
#[derive(Default)]
struct Faults {
    parentheses: bool,
    function: Option<Reason>,
    misplaced: Option<Reason>,
    reserved: Option<Reason>,
    section: Option<Reason>,
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    language: Language,
    placeholders: Placeholders,
    faults: Faults,
    operators: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, language: Language) -> Result<Parser<'t>, Reason> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(Reason::Size(text.len()));
        }
        let tokens = tokens(text);
        if tokens.len() == 1 {
            return Err(Reason::Empty);
        }
        Ok(Parser {
            text,
            tokens,
            at: 0,
            language,
            placeholders: Placeholders::default(),
            faults: Faults::default(),
            operators: 0,
            depth: 0,
        })
    }

    fn token(&self) -> Token {
        self.tokens[self.at]
    }

    fn text_of(&self, token: Token) -> &'t str {
        &self.text[token.start..token.end]
    }

    /// Goes on to the next token; the end stays.
    fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn is_sign(&self, sign: &str) -> bool {
        let token = self.token();
        token.kind == TokenKind::Sign && self.text_of(token) == sign
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.advance();
        }
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Reason> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.syntax()) }
    }

    fn is_word(&self, word: &str) -> bool {
        let token = self.token();
        token.kind == TokenKind::Word && self.text_of(token).eq_ignore_ascii_case(word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// The token that does not fit, with its neighbours.
    fn syntax(&self) -> Reason {
        let token = self.token();
        let start = if self.at == 0 { 0 } else { self.tokens[self.at - 1].start };
        let end = self.tokens.get(self.at + 1).map_or(self.text.len(), |next| next.end);
        let text = if token.kind == TokenKind::End { "<EOF>" } else { self.text_of(token) };
        Reason::Syntax { token: text.to_owned(), near: self.text[start..end].to_owned() }
    }

    fn expect_end(&self) -> Result<(), Reason> {
        if self.token().kind == TokenKind::End { Ok(()) } else { Err(self.syntax()) }
    }

    /// Counts an operator.
    fn operator(&mut self) -> Result<(), Reason> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX { Err(Reason::Operators(self.operators)) } else { Ok(()) }
    }

    /// Goes one level deeper; where that is too deep the text is wrong in this way.
    fn deeper<T>(
        &mut self,
        too_deep: Reason,
        read: impl FnOnce(&mut Parser<'t>) -> Result<T, Reason>,
    ) -> Result<T, Reason> {
        if self.depth == DEPTH_MAX {
            return Err(too_deep);
        }
        self.depth += 1;
        let result = read(self)?;
        self.depth -= 1;
        Ok(result)
    }

    /// The place of a text in a table.
    fn intern(table: &mut Vec<Text>, text: &str) -> u16 {
        let at = table.iter().position(|known| known == text).unwrap_or_else(|| {
            table.push(Text::new(text));
            table.len() - 1
        });
        // An expression of 4096 bytes has fewer placeholders.
        at as u16
    }

    fn value(&mut self) -> Option<ValueId> {
        let token = self.token();
        if token.kind != TokenKind::ValuePlaceholder {
            return None;
        }
        let text = self.text_of(token);
        self.advance();
        Some(ValueId(Self::intern(&mut self.placeholders.values, text).into()))
    }

    fn name(&mut self) -> Result<Name, Reason> {
        let token = self.token();
        let text = self.text_of(token);
        let name = match token.kind {
            TokenKind::NamePlaceholder => Name::Placeholder(Self::intern(&mut self.placeholders.names, text)),
            TokenKind::Word if !self.language.is_keyword(text) => {
                if is_reserved(text) && self.faults.reserved.is_none() {
                    self.faults.reserved = Some(Reason::Reserved(text.to_owned()));
                }
                Name::Literal(Text::new(text))
            }
            _ => return Err(self.syntax()),
        };
        self.advance();
        Ok(name)
    }

    fn path(&mut self) -> Result<Path, Reason> {
        let mut path = Path { head: self.name()?, rest: Vec::new() };
        self.steps(&mut path)?;
        Ok(path)
    }

    /// Appends the steps that follow.
    fn steps(&mut self, path: &mut Path) -> Result<(), Reason> {
        loop {
            if self.take_sign(".") {
                path.rest.push(Step::Name(self.name()?));
            } else if self.take_sign("[") {
                path.rest.push(Step::Index(self.index()?));
                self.expect_sign("]")?;
            } else {
                break;
            }
        }
        let steps = path.rest.len() + 1;
        if steps > PATH_STEPS_MAX { Err(Reason::PathDepth(steps)) } else { Ok(()) }
    }

    fn index(&mut self) -> Result<u32, Reason> {
        let token = self.token();
        if token.kind != TokenKind::Digits {
            return Err(self.syntax());
        }
        let text = self.text_of(token);
        self.advance();
        text.parse().ok().filter(|index| *index <= INDEX_MAX).ok_or_else(|| Reason::Index(text.to_owned()))
    }

    /// Whether a function's name and its parenthesis come next.
    fn is_call(&self) -> bool {
        let next = self.tokens.get(self.at + 1);
        let parenthesis = next.is_some_and(|next| next.kind == TokenKind::Sign && self.text_of(*next) == "(");
        let token = self.token();
        parenthesis && token.kind == TokenKind::Word && !self.language.is_keyword(self.text_of(token))
    }

    /// A function with its operands, each read by the language's own rule.
    fn call(&mut self, operand: fn(&mut Parser<'t>) -> Result<Operand, Reason>) -> Result<Call, Reason> {
        let name = self.text_of(self.token());
        self.advance();
        self.advance();
        let function = self.function(name);
        let too_deep = self.faults.function.clone().unwrap_or(match function {
            Function::Size => Reason::OperandType { name: function.name(), found: "N" },
            _ => Reason::Misplaced(function.name()),
        });
        let operands = self.deeper(too_deep, |parser| {
            let mut operands = vec![operand(parser)?];
            while parser.take_sign(",") {
                operands.push(operand(parser)?);
            }
            Ok(operands)
        })?;
        self.expect_sign(")")?;
        Ok(Call { function, operands })
    }

    /// The function of a name. One that the language does not have is a fault, and the tree is of no use then.
    fn function(&mut self, name: &str) -> Function {
        let function = Function::from_name(name);
        let wrong = match (function, self.language) {
            (None, _) => Some(Reason::UnknownFunction(name.to_owned())),
            (Some(function), Language::Condition) if function.is_for_updates() => {
                Some(Reason::NotInCondition(function.name()))
            }
            (Some(function), Language::Update) if !function.is_for_updates() => {
                Some(Reason::NotInUpdate(function.name()))
            }
            _ => None,
        };
        if self.faults.function.is_none() {
            self.faults.function = wrong;
        }
        function.unwrap_or(Function::Size)
    }

    fn misplaced(&mut self, function: Function) {
        if self.faults.misplaced.is_none() {
            self.faults.misplaced = Some(Reason::Misplaced(function.name()));
        }
    }
}
