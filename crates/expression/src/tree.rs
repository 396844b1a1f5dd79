//! What expressions are made of, once read. Placeholders are numbered; a tree keeps their texts in two tables.

use attribute::Text;

/// A condition, a filter, or a condition on keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub(crate) root: Test,
    pub(crate) placeholders: Placeholders,
}

/// What is to be done to an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// In the order of the text. Their paths do not overlap.
    pub(crate) actions: Vec<Action>,
    pub(crate) placeholders: Placeholders,
    /// From AttributeUpdates, which adds to lists and has texts of its own.
    pub(crate) legacy: bool,
}

/// Which parts of an item are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    pub(crate) paths: Vec<Path>,
    pub(crate) placeholders: Placeholders,
}

/// The texts of the placeholders of one expression, each once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Placeholders {
    pub names: Vec<Text>,
    pub values: Vec<Text>,
}

/// True or false of an item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    Compare(Comparator, Operand, Operand),
    Between(Box<[Operand; 3]>),
    In(Operand, Vec<Operand>),
    Call(Call),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Comparator::Equal => "=",
            Comparator::NotEqual => "<>",
            Comparator::Less => "<",
            Comparator::LessOrEqual => "<=",
            Comparator::Greater => ">",
            Comparator::GreaterOrEqual => ">=",
        }
    }

    /// The comparison with its sides exchanged.
    pub(crate) fn flipped(self) -> Comparator {
        match self {
            Comparator::Equal | Comparator::NotEqual => self,
            Comparator::Less => Comparator::Greater,
            Comparator::LessOrEqual => Comparator::GreaterOrEqual,
            Comparator::Greater => Comparator::Less,
            Comparator::GreaterOrEqual => Comparator::LessOrEqual,
        }
    }
}

/// Something with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Path(Path),
    Value(ValueId),
    Call(Box<Call>),
}

/// The place of a value's placeholder in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueId(pub u32);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub function: Function,
    pub operands: Vec<Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    AttributeExists,
    AttributeNotExists,
    AttributeType,
    BeginsWith,
    Contains,
    Size,
    IfNotExists,
    ListAppend,
}

impl Function {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Function::AttributeExists => "attribute_exists",
            Function::AttributeNotExists => "attribute_not_exists",
            Function::AttributeType => "attribute_type",
            Function::BeginsWith => "begins_with",
            Function::Contains => "contains",
            Function::Size => "size",
            Function::IfNotExists => "if_not_exists",
            Function::ListAppend => "list_append",
        }
    }

    /// Case matters.
    pub(crate) fn from_name(name: &str) -> Option<Function> {
        const ALL: [Function; 8] = [
            Function::AttributeExists,
            Function::AttributeNotExists,
            Function::AttributeType,
            Function::BeginsWith,
            Function::Contains,
            Function::Size,
            Function::IfNotExists,
            Function::ListAppend,
        ];
        ALL.into_iter().find(|function| function.name() == name)
    }

    pub(crate) fn is_for_updates(self) -> bool {
        matches!(self, Function::IfNotExists | Function::ListAppend)
    }

    pub(crate) fn operand_count(self) -> usize {
        match self {
            Function::AttributeExists | Function::AttributeNotExists | Function::Size => 1,
            _ => 2,
        }
    }
}

/// A place in an item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    pub head: Name,
    pub rest: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Name(Name),
    Index(u32),
}

/// An attribute's name, or the place of its placeholder in the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Name {
    Literal(Text),
    Placeholder(u16),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Set(Path, SetValue),
    Remove(Path),
    Add(Path, ValueId),
    Delete(Path, ValueId),
}

impl Action {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Action::Set(path, _) | Action::Remove(path) | Action::Add(path, _) | Action::Delete(path, _) => {
                path
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SetValue {
    Operand(Operand),
    Plus(Operand, Operand),
    Minus(Operand, Operand),
}

impl Update {
    /// Whether it brings an item into being that did not exist: removing alone does not.
    pub fn creates(&self) -> bool {
        self.actions.is_empty()
            || self.actions.iter().any(|action| matches!(action, Action::Set(..) | Action::Add(..)))
    }
}

impl Condition {
    /// The attributes it speaks of, by name or placeholder as it has them, some perhaps repeatedly.
    pub fn heads(&self) -> Vec<&str> {
        let mut heads = Vec::new();
        self.root.paths(&mut |path| heads.push(self.placeholders.head(path)));
        heads
    }
}

impl Update {
    /// The attributes that it changes or reads, by name or placeholder as it has them, some perhaps repeatedly.
    pub fn heads(&self) -> Vec<&str> {
        let mut heads = Vec::new();
        for action in &self.actions {
            action.paths(&mut |path| heads.push(self.placeholders.head(path)));
        }
        heads
    }
}

impl Projection {
    /// The attributes that it shows something of, by name or placeholder as it has them, some perhaps repeatedly.
    pub fn heads(&self) -> Vec<&str> {
        self.paths.iter().map(|path| self.placeholders.head(path)).collect()
    }
}

impl Placeholders {
    fn head<'t>(&'t self, path: &'t Path) -> &'t str {
        match &path.head {
            Name::Literal(name) => name,
            Name::Placeholder(at) => &self.names[usize::from(*at)],
        }
    }
}

impl Operand {
    /// Visits every path in it, from left to right.
    pub(crate) fn paths<'t>(&'t self, visit: &mut dyn FnMut(&'t Path)) {
        match self {
            Operand::Path(path) => visit(path),
            Operand::Call(call) => call.paths(visit),
            Operand::Value(_) => {}
        }
    }
}

impl Call {
    fn paths<'t>(&'t self, visit: &mut dyn FnMut(&'t Path)) {
        self.operands.iter().for_each(|operand| operand.paths(visit));
    }
}

impl Test {
    /// Visits every path in it, from left to right.
    pub(crate) fn paths<'t>(&'t self, visit: &mut dyn FnMut(&'t Path)) {
        match self {
            Test::And(tests) | Test::Or(tests) => tests.iter().for_each(|test| test.paths(visit)),
            Test::Not(test) => test.paths(visit),
            Test::Compare(_, left, right) => {
                left.paths(visit);
                right.paths(visit);
            }
            Test::Between(operands) => operands.iter().for_each(|operand| operand.paths(visit)),
            Test::In(value, list) => {
                value.paths(visit);
                list.iter().for_each(|operand| operand.paths(visit));
            }
            Test::Call(call) => call.paths(visit),
        }
    }
}

impl Action {
    /// Visits every path in it, that of the action first.
    pub(crate) fn paths<'t>(&'t self, visit: &mut dyn FnMut(&'t Path)) {
        visit(self.path());
        match self {
            Action::Set(_, SetValue::Operand(operand)) => operand.paths(visit),
            Action::Set(_, SetValue::Plus(left, right) | SetValue::Minus(left, right)) => {
                left.paths(visit);
                right.paths(visit);
            }
            _ => {}
        }
    }
}
