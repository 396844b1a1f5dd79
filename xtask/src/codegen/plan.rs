//! What to generate of a model: the shapes that the listed operations reach, and the Rust types they become.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use botocore_model::{Model, OperationModel, Shape, lower};
use wire::Kind;

use super::Overlay;
use super::emit::variant;

/// A service's plan.
pub struct Plan<'a> {
    /// The model.
    pub model: &'a Model,
    /// The operations to generate, by name.
    pub operations: Vec<&'a OperationModel>,
    /// Whether bodies that are streams are generated as such.
    streaming: bool,
    /// The types of shapes that read and write themselves. What is within them is not generated.
    pub own_forms: &'a BTreeMap<String, String>,
    /// Every shape they reach, in the order of the names.
    pub shapes: BTreeMap<&'a str, &'a Shape>,
    /// Those reached from an input: their required members have to be there.
    inputs: BTreeSet<&'a str>,
    /// Structures that stand for one operation's input or output and are named after it.
    renamed: BTreeMap<&'a str, String>,
}

impl<'a> Plan<'a> {
    pub fn new(model: &'a Model, overlay: &'a Overlay) -> Result<Self> {
        let operations: Vec<_> = model.operations.values().filter(|op| overlay.lists(&op.name)).collect();
        if let super::Operations::Listed(names) = &overlay.operations {
            for name in names {
                ensure!(model.operations.contains_key(name), "the model has no operation {name}");
            }
        }
        let mut plan = Self {
            model,
            operations,
            streaming: overlay.streaming,
            own_forms: &overlay.own_forms,
            shapes: BTreeMap::new(),
            inputs: BTreeSet::new(),
            renamed: BTreeMap::new(),
        };
        for operation in plan.operations.clone() {
            for reference in operation.input.iter().chain(&operation.output).chain(&operation.errors) {
                plan.reach(&reference.shape)?;
            }
            if let Some(input) = &operation.input {
                plan.reach_input(&input.shape)?;
            }
        }
        plan.rename();
        Ok(plan)
    }

    fn reach(&mut self, name: &str) -> Result<()> {
        let (name, shape) =
            self.model.shapes.get_key_value(name).with_context(|| format!("no shape {name}"))?;
        ensure!(!shape.eventstream, "{name} is an event stream, which is not supported");
        if self.shapes.insert(name, shape).is_none() && !self.own_forms.contains_key(name) {
            for next in references(shape) {
                self.reach(next)?;
            }
        }
        Ok(())
    }

    fn reach_input(&mut self, name: &str) -> Result<()> {
        let (name, shape) =
            self.model.shapes.get_key_value(name).with_context(|| format!("no shape {name}"))?;
        if self.inputs.insert(name) && !self.own_forms.contains_key(name) {
            for next in references(shape) {
                self.reach_input(next)?;
            }
        }
        Ok(())
    }

    /// A structure that is the input (or output) of one operation and nothing else is named after it.
    fn rename(&mut self) {
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, shape) in self.shapes.iter().filter(|(name, _)| !self.own_forms.contains_key(**name)) {
            for name in references(shape) {
                *uses.entry(name).or_default() += 1;
            }
        }
        for operation in &self.operations {
            for reference in operation.input.iter().chain(&operation.output).chain(&operation.errors) {
                *uses.entry(&reference.shape).or_default() += 1;
            }
        }
        for operation in &self.operations {
            for (reference, suffix) in [(&operation.input, "Input"), (&operation.output, "Output")] {
                if let Some(reference) = reference.as_ref().filter(|r| uses[r.shape.as_str()] == 1) {
                    self.renamed.insert(&reference.shape, format!("{}{suffix}", operation.name));
                }
            }
        }
    }

    /// The Rust name of a structure, union or enumeration.
    pub fn type_name(&self, shape: &str) -> String {
        self.renamed.get(shape).cloned().unwrap_or_else(|| {
            let name = variant(shape);
            // A shape must not hide what every file uses.
            if matches!(
                name.as_str(),
                "Option" | "Vec" | "String" | "Box" | "Error" | "Value" | "Schema" | "Structure"
            ) {
                format!("{name}Shape")
            } else {
                name
            }
        })
    }

    /// The Rust type of a shape's value.
    pub fn value_type(&self, name: &str) -> Result<String> {
        if let Some(own) = self.own_forms.get(name) {
            return Ok(own.clone());
        }
        let shape = self.shapes.get(name).with_context(|| format!("no shape {name}"))?;
        Ok(match lower::kind(shape).map_err(anyhow::Error::msg)? {
            Kind::Boolean => "bool".to_owned(),
            Kind::Integer => "i32".to_owned(),
            Kind::Long => "i64".to_owned(),
            Kind::Float => "f32".to_owned(),
            Kind::Double => "f64".to_owned(),
            Kind::String if shape.values.is_empty() => "String".to_owned(),
            Kind::String => format!("Open<{}>", self.type_name(name)),
            Kind::Blob => "Bytes".to_owned(),
            Kind::Timestamp => "Timestamp".to_owned(),
            Kind::Document => "Document".to_owned(),
            Kind::List => {
                let entry = &shape.member.as_ref().context("a list has entries")?.shape;
                format!("Vec<{}>", self.entry_type(shape, entry)?)
            }
            Kind::Map => {
                let value = &shape.value.as_ref().context("a map has values")?.shape;
                format!("BTreeMap<String, {}>", self.entry_type(shape, value)?)
            }
            Kind::Structure | Kind::Union | Kind::Own => self.type_name(name),
        })
    }

    fn entry_type(&self, owner: &Shape, entry: &str) -> Result<String> {
        let entry = self.value_type(entry)?;
        Ok(if owner.sparse { format!("Option<{entry}>") } else { entry })
    }

    /// The Rust type of a structure's member.
    pub fn member_type(&self, owner: &str, member: &str) -> Result<String> {
        let shape = self.shapes.get(owner).with_context(|| format!("no shape {owner}"))?;
        let target = &shape.members[member].shape;
        let mut value = match shape.members[member].streaming && self.streaming {
            true => "ByteStream".to_owned(),
            false => self.value_type(target)?,
        };
        if self.contains(target, owner, &mut BTreeSet::new()) {
            value = format!("Box<{value}>");
        }
        let required = self.inputs.contains(owner) && shape.required.iter().any(|r| r == member);
        Ok(if required { format!("Req<{value}>") } else { format!("Option<{value}>") })
    }

    /// Whether a value of `from` holds a value of `to` with no list or map between.
    pub fn contains(&self, from: &'a str, to: &str, seen: &mut BTreeSet<&'a str>) -> bool {
        if from == to {
            return true;
        }
        if !seen.insert(from) {
            return false;
        }
        if self.own_forms.contains_key(from) {
            return false;
        }
        let Some(shape) = self.shapes.get(from) else { return false };
        shape.kind == "structure" && shape.members.values().any(|m| self.contains(&m.shape, to, seen))
    }
}

fn references(shape: &Shape) -> impl Iterator<Item = &str> {
    let single = [&shape.member, &shape.key, &shape.value];
    shape
        .members
        .values()
        .map(|m| m.shape.as_str())
        .chain(single.into_iter().flatten().map(|m| m.shape.as_str()))
}
