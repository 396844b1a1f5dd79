//! Images for container hosts, as ECS recommends them.

use serde::Serialize;

use super::images;

/// A line of images: an operating system and a variant.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// As in the parameters' names.
    os: &'static str,
    /// As in the parameters' names, with its slash; empty for the plain variant.
    variant: &'static str,
    image_name: &'static str,
    os_name: &'static str,
}

const AL2023: &str = "Amazon Linux 2023";
const AL2: &str = "Amazon Linux 2";

/// All of them.
pub const FAMILIES: [Family; 8] = [
    family("amazon-linux-2", "", "amzn2-ami-ecs-hvm-2.0.20250923-x86_64-ebs", AL2),
    family("amazon-linux-2", "arm64/", "amzn2-ami-ecs-hvm-2.0.20250923-arm64-ebs", AL2),
    family("amazon-linux-2", "gpu/", "amzn2-ami-ecs-gpu-hvm-2.0.20250923-x86_64-ebs", AL2),
    family("amazon-linux-2", "inf/", "amzn2-ami-ecs-inf-hvm-2.0.20250923-x86_64-ebs", AL2),
    family("amazon-linux-2023", "", "al2023-ami-ecs-hvm-2023.0.20250923-kernel-6.1-x86_64", AL2023),
    family("amazon-linux-2023", "arm64/", "al2023-ami-ecs-hvm-2023.0.20250923-kernel-6.1-arm64", AL2023),
    family(
        "amazon-linux-2023",
        "gpu/",
        "al2023-ami-ecs-gpu-hvm-2023.0.20250923-kernel-6.1-x86_64-ebs",
        AL2023,
    ),
    family(
        "amazon-linux-2023",
        "neuron/",
        "al2023-ami-ecs-neuron-hvm-2023.0.20250923-kernel-6.1-x86_64",
        AL2023,
    ),
];

const AGENT: &str = "1.98.0";
const RUNTIME: &str = "Docker version 25.0.8";
const SCHEMA: u32 = 1;

const fn family(
    os: &'static str,
    variant: &'static str,
    image_name: &'static str,
    os_name: &'static str,
) -> Family {
    Family { os, variant, image_name, os_name }
}

/// What the parameter of a family itself says, in JSON.
#[derive(Serialize)]
struct Description<'a> {
    ecs_agent_version: &'a str,
    ecs_runtime_version: &'a str,
    image_id: String,
    image_name: &'a str,
    os: &'a str,
    schema_version: u32,
}

impl Family {
    /// Where its parameters are, below `/aws/service/`.
    pub fn place(&self) -> String {
        format!("ecs/optimized-ami/{}/{}recommended", self.os, self.variant)
    }

    pub fn image_id(&self, region: &str) -> String {
        images::id(region, self.image_name)
    }

    pub fn description(&self, region: &str) -> String {
        let description = Description {
            ecs_agent_version: AGENT,
            ecs_runtime_version: RUNTIME,
            image_id: self.image_id(region),
            image_name: self.image_name,
            os: self.os_name,
            schema_version: SCHEMA,
        };
        serde_json::to_string(&description).unwrap_or_default()
    }

    /// The description's other parts, each of which is a parameter too.
    pub fn fields(&self) -> [(&'static str, String); 5] {
        [
            ("ecs_agent_version", AGENT.to_owned()),
            ("ecs_runtime_version", RUNTIME.to_owned()),
            ("image_name", self.image_name.to_owned()),
            ("os", self.os_name.to_owned()),
            ("schema_version", SCHEMA.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_the_image() {
        let family = &FAMILIES[5];
        assert_eq!(family.place(), "ecs/optimized-ami/amazon-linux-2023/arm64/recommended");
        let description = family.description("eu-west-2");
        let id = family.image_id("eu-west-2");
        assert!(description.contains(&format!("\"image_id\":\"{id}\"")), "{description}");
        assert!(description.contains("\"schema_version\":1"));
        assert_eq!(family.fields().len(), 5);
    }
}
