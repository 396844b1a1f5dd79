//! Schemas built in memory. They are never freed, like the statics that generated code has: for tests and tools
//! that read a bounded number of models.

use std::collections::HashMap;
use std::ptr;

use wire::codegen::SCHEMA;
use wire::{ErrorTrait, HttpTrait, Kind, Member, Operation, Pattern, Schema, ServiceModel, XmlNamespace};

use crate::lower;
use crate::model::{MemberRef, Model, OperationModel, Shape};

/// Schemas of one model, each built once.
pub struct Schemas<'a> {
    model: &'a Model,
    built: HashMap<String, &'static Schema>,
    /// How often a recursion has been cut off.
    cuts: usize,
}

impl<'a> Schemas<'a> {
    /// Nothing is built yet.
    pub fn new(model: &'a Model) -> Self {
        Self { model, built: HashMap::new(), cuts: 0 }
    }

    /// The schema of a shape. Recursive shapes are cut off after some levels, below which they have no members:
    /// plain references that are never freed cannot be tied into a knot without unsafe code.
    pub fn get(&mut self, name: &str) -> Result<&'static Schema, String> {
        self.build(name, &mut Vec::new())
    }

    fn build(&mut self, name: &str, open: &mut Vec<String>) -> Result<&'static Schema, String> {
        if let Some(done) = self.built.get(name) {
            return Ok(done);
        }
        let depth = open.iter().filter(|n| *n == name).count();
        // One more than the protocols' test cases have. Memory grows with its power.
        const LEVELS: usize = 5;
        if depth == LEVELS {
            let cut = Schema { name: leak(name), kind: Kind::Structure, ..SCHEMA };
            self.cuts += 1;
            return Ok(Box::leak(Box::new(cut)));
        }
        let cuts_before = self.cuts;
        open.push(name.to_owned());
        let shape = lower::shape(self.model, name)?;
        let schema = self.schema(name, shape, open)?;
        open.pop();
        let schema: &'static Schema = Box::leak(Box::new(schema));
        // What holds a cut is right only where it was met.
        if open.is_empty() || self.cuts == cuts_before {
            self.built.insert(name.to_owned(), schema);
        }
        Ok(schema)
    }

    fn schema(&mut self, name: &str, shape: &Shape, open: &mut Vec<String>) -> Result<Schema, String> {
        let mut members = Vec::new();
        for (member_name, member) in &shape.members {
            let required = shape.required.iter().any(|r| r == member_name);
            members.push(self.member(member_name, member, required, open)?);
        }
        let mut single =
            |name: &str, member: &Option<MemberRef>| -> Result<Option<&'static Member>, String> {
                match member {
                    Some(member) => {
                        let member = self.member(name, member, false, open)?;
                        Ok(Some(Box::leak(Box::new(member))))
                    }
                    None => Ok(None),
                }
            };
        let (entry, key, value) =
            (single("member", &shape.member)?, single("key", &shape.key)?, single("value", &shape.value)?);
        Ok(Schema {
            name: leak(name),
            kind: lower::kind(shape)?,
            bounds: lower::bounds(shape)?,
            pattern: shape.pattern.as_ref().map(|p| &*Box::leak(Box::new(Pattern::new(leak(p))))),
            values: Vec::leak(shape.values.iter().map(|v| leak(v)).collect()),
            members: Vec::leak(members),
            element: entry.or(value),
            key,
            flattened: shape.flattened,
            sparse: shape.sparse,
            sensitive: shape.sensitive,
            timestamp: lower::timestamp_format(shape.timestamp_format.as_deref())?,
            payload: lower::payload(shape),
            unwrapped: false,
            xml_name: shape.location_name.as_deref().map(leak),
            xml_namespace: namespace(shape.xml_namespace.as_ref()),
            error: lower::error(name, shape).map(|error| ErrorTrait {
                code: leak(&error.code),
                query_code: error.query_code.as_deref().map(leak),
                query_message: error.query_message.as_deref().map(leak),
                status: error.status,
                sender: error.sender,
            }),
        })
    }

    fn member(
        &mut self,
        name: &str,
        member: &MemberRef,
        required: bool,
        open: &mut Vec<String>,
    ) -> Result<Member, String> {
        Ok(Member {
            name: leak(name),
            wire: leak(member.location_name.as_deref().unwrap_or(name)),
            named: member.location_name.is_some(),
            query: member.query_name.as_deref().map(leak),
            location: lower::location(member)?,
            required,
            flattened: member.flattened,
            xml_attribute: member.xml_attribute,
            xml_namespace: namespace(member.xml_namespace.as_ref()),
            idempotency_token: member.idempotency_token,
            streaming: false,
            json_header: member.jsonvalue && member.location.is_some(),
            timestamp: lower::timestamp_format(member.timestamp_format.as_deref())?,
            target: self.build(&member.shape, open)?,
        })
    }

    /// A descriptor of an operation of `service`.
    pub fn operation(
        &mut self,
        service: &'static ServiceModel,
        operation: &OperationModel,
    ) -> Result<&'static Operation, String> {
        static NO_MEMBERS: Schema = SCHEMA;
        let input = match &operation.input {
            Some(reference) => self.get(&reference.shape)?,
            None => &NO_MEMBERS,
        };
        let output = match &operation.output {
            Some(reference) => self.get(&reference.shape)?,
            None => &NO_MEMBERS,
        };
        debug_assert!(operation.output.is_some() || ptr::eq(output, &NO_MEMBERS));
        let http = &operation.http;
        Ok(Box::leak(Box::new(Operation {
            service,
            name: leak(&operation.name),
            http: HttpTrait::new(
                leak(&http.method),
                leak(&http.request_uri),
                http.response_code.unwrap_or(200),
            ),
            input,
            output,
            has_output: operation.output.is_some(),
            result_wrapper: operation.output.as_ref().and_then(|o| o.result_wrapper.as_deref()).map(leak),
            access: wire::Access::Policy,
            actions: &[],
            checksum: wire::Checksum::None,
        })))
    }
}

fn namespace(found: Option<&crate::model::Namespace>) -> Option<XmlNamespace> {
    lower::namespace(found).map(|(uri, prefix)| XmlNamespace { uri: leak(&uri), prefix: leak(&prefix) })
}

/// A text that is never freed.
pub fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
