//! `cloudlet env`: how clients find us.

use anyhow::Result;

use crate::config::Config;
use crate::output::Format;

/// Prints `export` lines; every AWS SDK and the AWS CLI read these variables.
pub fn run(config: &Config, format: Format) -> Result<()> {
    let variables = [
        ("AWS_ENDPOINT_URL", config.url()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_DEFAULT_REGION", config.region.clone()),
        ("AWS_REGION", config.region.clone()),
    ];
    match format {
        Format::Text => variables.iter().for_each(|(name, value)| println!("export {name}={value}")),
        Format::Json => {
            let object: serde_json::Map<_, _> =
                variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            println!("{}", serde_json::Value::Object(object));
        }
    }
    Ok(())
}
