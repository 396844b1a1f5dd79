//! Updates.

use super::{Language, Parser};
use crate::error::Reason;
use crate::lex::TokenKind;
use crate::tree::{Action, Function, Operand, SetValue, Update};

const SECTIONS: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];

impl Update {
    /// Reads an update: sections, each once, of actions.
    pub fn parse(text: &str) -> Result<Update, Reason> {
        let mut parser = Parser::new(text, Language::Update)?;
        let mut actions = Vec::new();
        let mut seen = [false; SECTIONS.len()];
        loop {
            let Some(section) = SECTIONS.iter().position(|word| parser.take_word(word)) else {
                return Err(parser.syntax());
            };
            if std::mem::replace(&mut seen[section], true) && parser.faults.section.is_none() {
                parser.faults.section = Some(Reason::Section(SECTIONS[section]));
            }
            parser.section(section, &mut actions)?;
            if parser.token().kind == TokenKind::End {
                break;
            }
        }
        let faults = parser.faults;
        match faults.reserved.or(faults.function).or(faults.misplaced).or(faults.section) {
            Some(reason) => Err(reason),
            None => Ok(Update { actions, placeholders: parser.placeholders, legacy: false }),
        }
    }
}

impl Parser<'_> {
    fn section(&mut self, section: usize, actions: &mut Vec<Action>) -> Result<(), Reason> {
        loop {
            let path = self.path()?;
            actions.push(match SECTIONS[section] {
                "SET" => {
                    self.expect_sign("=")?;
                    Action::Set(path, self.set_value()?)
                }
                "REMOVE" => Action::Remove(path),
                "ADD" => Action::Add(path, self.value().ok_or_else(|| self.syntax())?),
                _ => Action::Delete(path, self.value().ok_or_else(|| self.syntax())?),
            });
            if !self.take_sign(",") {
                return Ok(());
            }
        }
    }

    /// An operand, or a sum or difference of two; the whole may stand in parentheses.
    fn set_value(&mut self) -> Result<SetValue, Reason> {
        if !self.take_sign("(") {
            return self.sum();
        }
        let inner = self.sum()?;
        self.expect_sign(")")?;
        match inner {
            SetValue::Operand(left) => self.sum_of(left),
            sum => Ok(sum),
        }
    }

    fn sum(&mut self) -> Result<SetValue, Reason> {
        let left = self.update_operand()?;
        self.sum_of(left)
    }

    fn sum_of(&mut self, left: Operand) -> Result<SetValue, Reason> {
        if self.take_sign("+") {
            self.operator()?;
            return Ok(SetValue::Plus(left, self.update_operand()?));
        }
        if self.take_sign("-") {
            self.operator()?;
            return Ok(SetValue::Minus(left, self.update_operand()?));
        }
        Ok(SetValue::Operand(left))
    }

    /// An operand, which may stand in parentheses.
    fn update_operand(&mut self) -> Result<Operand, Reason> {
        if !self.take_sign("(") {
            return self.bare_update_operand();
        }
        let operand = self.bare_update_operand()?;
        self.expect_sign(")")?;
        Ok(operand)
    }

    fn bare_update_operand(&mut self) -> Result<Operand, Reason> {
        if let Some(value) = self.value() {
            return Ok(Operand::Value(value));
        }
        if !self.is_call() {
            return Ok(Operand::Path(self.path()?));
        }
        let call = self.call(Parser::update_operand)?;
        let appended = |operand: &Operand| matches!(operand, Operand::Call(call) if call.function == Function::ListAppend);
        if call.function == Function::ListAppend && call.operands.iter().any(appended) {
            self.misplaced(Function::ListAppend);
        }
        Ok(Operand::Call(Box::new(call)))
    }
}
