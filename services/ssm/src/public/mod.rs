//! Public parameters, below `/aws/service/`: everybody has them, and nobody owns them. They are the ones that templates
//! and tools look machine images, regions and services up by.
//!
//! | below `/aws/service/` | value |
//! |---|---|
//! | `ami-amazon-linux-latest/…`, `bottlerocket/…/image_id`, `canonical/ubuntu/…/ami-id`, `debian/…` | [`images`]: the id of a machine image |
//! | `ecs/optimized-ami/…/recommended` and below | [`ecs`]: an image for container hosts |
//! | `aws-for-fluent-bit/…` | the address of a container image |
//! | `global-infrastructure/…` | [`infrastructure`]: regions and services |
//!
//! The ids of machine images follow from region and name. They are the same in every installation, and differ
//! between regions, as real ones do; they are not those of the real images.

pub mod ecs;
pub mod images;
pub mod infrastructure;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::OnceLock;

use kernel::Timestamp;

/// A public parameter in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// With its leading slash.
    pub name: String,
    pub value: String,
    pub data_type: &'static str,
}

/// When all of them were last changed: the table's own date.
pub const MODIFIED: Timestamp = Timestamp::from_secs(1_758_585_600);

/// What the value of a public parameter is.
#[derive(Clone, Debug)]
enum Source {
    Image,
    Text(String),
    /// The same, with `{region}` to be filled in.
    Regional(String),
    /// The description of an image for container hosts, by the place of its parameters.
    EcsDescription(&'static ecs::Family),
    /// The id of such an image, by the place of its parameters.
    EcsImage(&'static ecs::Family),
}

/// Everything, by its name without the leading slash.
fn table() -> &'static BTreeMap<String, Source> {
    static TABLE: OnceLock<BTreeMap<String, Source>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = BTreeMap::new();
        let mut add = |rest: String, source| table.insert(format!("aws/service/{rest}"), source);
        for name in images::names() {
            add(name, Source::Image);
        }
        for tag in ["latest", "stable"] {
            let image = format!("906394416424.dkr.ecr.{{region}}.amazonaws.com/aws-for-fluent-bit:{tag}");
            add(format!("aws-for-fluent-bit/{tag}"), Source::Regional(image));
        }
        for family in &ecs::FAMILIES {
            let place = family.place();
            add(place.clone(), Source::EcsDescription(family));
            add(format!("{place}/image_id"), Source::EcsImage(family));
            for (field, text) in family.fields() {
                add(format!("{place}/{field}"), Source::Text(text));
            }
        }
        for (name, value) in infrastructure::parameters() {
            add(format!("global-infrastructure/{name}"), Source::Text(value));
        }
        table
    })
}

/// The parameter of this name, without its leading slash.
pub fn find(region: &str, name: &str) -> Option<Parameter> {
    table().get_key_value(name).map(|(name, source)| make(region, name, source))
}

/// The parameters whose names begin so, behind `after`, in order.
pub fn beginning<'a>(
    region: &'a str,
    beginning: &'a str,
    after: Option<&'a str>,
) -> impl Iterator<Item = Parameter> + 'a {
    let start = match after {
        Some(after) if after >= beginning => Bound::Excluded(after),
        _ => Bound::Included(beginning),
    };
    table()
        .range::<str, _>((start, Bound::Unbounded))
        .take_while(move |(name, _)| name.starts_with(beginning))
        .map(move |(name, source)| make(region, name, source))
}

fn make(region: &str, name: &str, source: &Source) -> Parameter {
    let (value, data_type) = match source {
        Source::Image => (images::id(region, name), "aws:ec2:image"),
        Source::EcsImage(family) => (family.image_id(region), "aws:ec2:image"),
        Source::EcsDescription(family) => (family.description(region), "text"),
        Source::Text(text) => (text.clone(), "text"),
        Source::Regional(text) => (text.replace("{region}", region), "text"),
    };
    Parameter { name: format!("/{name}"), value, data_type }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_templates_look_up() {
        for name in [
            "ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
            "ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
            "ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2",
            "ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
            "ecs/optimized-ami/amazon-linux-2/arm64/recommended/image_id",
            "bottlerocket/aws-ecs-2/x86_64/latest/image_id",
            "canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
        ] {
            let found = find("eu-west-2", &format!("aws/service/{name}")).expect(name);
            assert_eq!(found.value.len(), "ami-".len() + 17, "{name}");
            assert_eq!(found.data_type, "aws:ec2:image");
            let elsewhere = find("us-east-1", &format!("aws/service/{name}")).unwrap();
            assert_ne!(found.value, elsewhere.value, "{name}");
        }
        let image = find("eu-west-2", "aws/service/aws-for-fluent-bit/stable").unwrap();
        assert!(image.value.contains("eu-west-2"));
        assert_eq!(find("eu-west-2", "aws/service/x"), None);
    }

    #[test]
    fn ids_stay() {
        let name = "aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64";
        assert_eq!(find("us-east-1", name).unwrap().value, "ami-fdceeb664202c6935");
    }

    #[test]
    fn ranges() {
        let names = |after: Option<&str>| -> Vec<String> {
            beginning("us-east-1", "aws/service/aws-for-fluent-bit/", after).map(|p| p.name).collect()
        };
        let all = ["/aws/service/aws-for-fluent-bit/latest", "/aws/service/aws-for-fluent-bit/stable"];
        assert_eq!(names(None), all);
        assert_eq!(names(Some("aws/service/aws-for-fluent-bit/latest")), all[1..]);
        assert!(names(Some("aws/service/aws-for-fluent-bit/stable")).is_empty());
        assert_eq!(names(Some("a")), all);
    }
}
