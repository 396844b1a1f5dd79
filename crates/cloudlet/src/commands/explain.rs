//! `cloudlet explain`: whether a principal may do something, and which statement says so.

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Caller, IAM};
use crate::config::Settings;
use crate::output::{self, Format};

/// Options of `cloudlet explain`.
#[derive(Args)]
pub struct Options {
    /// The ARN of a user, group or role
    principal: String,
    /// The action, as policies name it: sqs:SendMessage
    action: String,
    /// The resource's ARN
    #[arg(default_value = "*")]
    resource: String,
    /// A condition key of the request, as in aws:SourceIp=192.0.2.1; may be given several times
    #[arg(long = "context", value_name = "KEY=VALUE")]
    context: Vec<String>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    simulate_principal_policy_result: Simulation,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simulation {
    evaluation_results: Members<Evaluation>,
}

#[derive(Deserialize)]
struct Members<T> {
    #[serde(rename = "member", default = "Vec::new")]
    members: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Evaluation {
    eval_decision: String,
    matched_statements: Option<Members<Statement>>,
    missing_context_values: Option<Members<String>>,
    permissions_boundary_decision_detail: Option<Boundary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Boundary {
    allowed_by_permissions_boundary: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    source_policy_id: String,
    source_policy_type: Option<String>,
    start_position: Option<Position>,
    end_position: Option<Position>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Position {
    line: u64,
    column: u64,
}

/// Asks the engine that decides real requests.
pub fn run(options: &Options, format: Format) -> Result<()> {
    let config = options.settings.resolve()?;
    let mut parameters = vec![
        ("PolicySourceArn".to_owned(), options.principal.clone()),
        ("ActionNames.member.1".to_owned(), options.action.clone()),
        ("ResourceArns.member.1".to_owned(), options.resource.clone()),
    ];
    for (number, entry) in options.context.iter().enumerate() {
        let (key, value) = entry.split_once('=').with_context(|| format!("{entry:?} is not KEY=VALUE"))?;
        let name = format!("ContextEntries.member.{}", number + 1);
        parameters.push((format!("{name}.ContextKeyName"), key.to_owned()));
        parameters.push((format!("{name}.ContextKeyValues.member.1"), value.to_owned()));
        parameters.push((format!("{name}.ContextKeyType"), "string".to_owned()));
    }
    let parameters: Vec<(&str, &str)> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let caller = Caller::from_environment()?;
    let answer: Response = caller.call(&config, &IAM, "SimulatePrincipalPolicy", &parameters)?;
    let results = answer.simulate_principal_policy_result.evaluation_results.members;
    let result = results.into_iter().next().context("the answer holds no evaluation")?;

    let statements = result.matched_statements.map(|matched| matched.members).unwrap_or_default();
    let missing = result.missing_context_values.map(|missing| missing.members).unwrap_or_default();
    let by: Vec<Value> = statements.iter().map(|statement| described(statement, format)).collect();
    let by = match (format, by.is_empty()) {
        (Format::Text, true) => "no statement".into(),
        (Format::Text, false) => by.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n").into(),
        (Format::Json, _) => Value::Array(by),
    };
    let mut facts = vec![
        ("principal", options.principal.clone().into()),
        ("action", options.action.clone().into()),
        ("resource", options.resource.clone().into()),
        ("decision", result.eval_decision.into()),
        ("by", by),
    ];
    if let Some(boundary) = result.permissions_boundary_decision_detail {
        facts.push(("within_boundary", boundary.allowed_by_permissions_boundary.into()));
    }
    if !missing.is_empty() {
        facts.push(("unknown_keys", missing.into()));
    }
    output::facts(format, &facts);
    Ok(())
}

/// The policy, and where in it the statement stands.
fn described(statement: &Statement, format: Format) -> Value {
    let kind = statement.source_policy_type.as_deref().unwrap_or("policy");
    let place = |position: &Option<Position>| {
        position.as_ref().map(|position| format!("{}:{}", position.line, position.column))
    };
    let (start, end) = (place(&statement.start_position), place(&statement.end_position));
    match format {
        Format::Json => {
            json!({ "policy": statement.source_policy_id, "type": kind, "start": start, "end": end })
        }
        Format::Text => {
            let place = match (start, end) {
                (Some(start), Some(end)) => format!(", from {start} to {end}"),
                _ => String::new(),
            };
            format!("{} ({kind}{place})", statement.source_policy_id).into()
        }
    }
}
