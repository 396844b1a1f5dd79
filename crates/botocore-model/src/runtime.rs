//! Schemas built in memory. They are never freed, like the statics that generated code has: for tests and tools
//! that read a bounded number of models.

use std::collections::HashMap;
use std::ptr;

use wire::codegen::{MEMBER, SCHEMA};
use wire::{ErrorTrait, HttpTrait, Kind, Member, Operation, Pattern, Schema, ServiceModel, XmlNamespace};

use crate::lower;
use crate::model::{MemberRef, Model, OperationModel, Shape};

/// Schemas of one model, each built once.
pub struct Schemas<'a> {
    model: &'a Model,
    built: HashMap<String, &'static Schema>,
}

impl<'a> Schemas<'a> {
    /// Nothing is built yet.
    pub fn new(model: &'a Model) -> Self {
        Self { model, built: HashMap::new() }
    }

    /// The schema of a shape. Recursive shapes are cut off at their second level: a memory of plain references
    /// cannot be tied into a knot without unsafe code, and one level is what the test cases have.
    pub fn get(&mut self, name: &str) -> Result<&'static Schema, String> {
        self.build(name, &mut Vec::new())
    }

    fn build(&mut self, name: &str, open: &mut Vec<String>) -> Result<&'static Schema, String> {
        if let Some(done) = self.built.get(name) {
            return Ok(done);
        }
        let depth = open.iter().filter(|n| *n == name).count();
        const LEVELS: usize = 4;
        if depth == LEVELS {
            let cut = Schema { name: leak(name), kind: Kind::Structure, ..SCHEMA };
            return Ok(Box::leak(Box::new(cut)));
        }
        open.push(name.to_owned());
        let shape = lower::shape(self.model, name)?;
        let schema = self.schema(name, shape, open)?;
        open.pop();
        let schema: &'static Schema = Box::leak(Box::new(schema));
        if depth == 0 && !open.iter().any(|n| n == name) {
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
        let mut single = |name: &str, member: &Option<MemberRef>| -> Result<Option<&'static Member>, String> {
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
            xml_name: shape.location_name.as_deref().map(leak),
            xml_namespace: namespace(shape.xml_namespace.as_ref()),
            error: lower::error(name, shape).map(|(code, query_code, status, sender)| ErrorTrait {
                code: leak(&code),
                query_code: query_code.as_deref().map(leak),
                status,
                sender,
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
            json_header: member.jsonvalue && member.location.is_some(),
            timestamp: lower::timestamp_format(member.timestamp_format.as_deref())?,
            target: self.build(&member.shape, open)?,
            ..MEMBER
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
            http: HttpTrait::new(leak(&http.method), leak(&http.request_uri), http.response_code.unwrap_or(200)),
            input,
            output,
            has_output: operation.output.is_some(),
            result_wrapper: operation.output.as_ref().and_then(|o| o.result_wrapper.as_deref()).map(leak),
            actions: &[],
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
