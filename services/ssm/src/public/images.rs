//! Machine images: what they are called, and their ids.

use sha2::{Digest as _, Sha256};

/// Amazon Linux, by the last part of the name.
const AMAZON_LINUX: [&str; 16] = [
    "al2023-ami-kernel-6.1-arm64",
    "al2023-ami-kernel-6.1-x86_64",
    "al2023-ami-kernel-6.12-arm64",
    "al2023-ami-kernel-6.12-x86_64",
    "al2023-ami-kernel-default-arm64",
    "al2023-ami-kernel-default-x86_64",
    "al2023-ami-minimal-kernel-6.1-arm64",
    "al2023-ami-minimal-kernel-6.1-x86_64",
    "al2023-ami-minimal-kernel-default-arm64",
    "al2023-ami-minimal-kernel-default-x86_64",
    "amzn2-ami-hvm-arm64-gp2",
    "amzn2-ami-hvm-x86_64-ebs",
    "amzn2-ami-hvm-x86_64-gp2",
    "amzn2-ami-kernel-5.10-hvm-arm64-gp2",
    "amzn2-ami-kernel-5.10-hvm-x86_64-gp2",
    "amzn2-ami-minimal-hvm-x86_64-ebs",
];

/// The names of all images, below `/aws/service/`.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> =
        AMAZON_LINUX.iter().map(|image| format!("ami-amazon-linux-latest/{image}")).collect();
    for variant in ["aws-ecs-1", "aws-ecs-2"] {
        for architecture in ["arm64", "x86_64"] {
            names.push(format!("bottlerocket/{variant}/{architecture}/latest/image_id"));
        }
    }
    for (release, disk) in [("20.04", "ebs-gp2"), ("22.04", "ebs-gp2"), ("24.04", "ebs-gp3")] {
        for architecture in ["amd64", "arm64"] {
            names.push(format!(
                "canonical/ubuntu/server/{release}/stable/current/{architecture}/hvm/{disk}/ami-id"
            ));
        }
    }
    for release in ["11", "12", "13"] {
        for architecture in ["amd64", "arm64"] {
            names.push(format!("debian/release/{release}/latest/{architecture}"));
        }
    }
    names
}

/// The id of the image that has this name in a region.
pub fn id(region: &str, name: &str) -> String {
    let hash = Sha256::digest(format!("{region}\n{name}"));
    let mut id = "ami-".to_owned();
    // Ids of resources have seventeen hexadecimal digits.
    id.extend(hash.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(17).map(digit));
    id
}

fn digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_of_ids() {
        let id = id("us-east-1", "x");
        let digits = id.strip_prefix("ami-").unwrap();
        assert!(
            digits.len() == 17 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
    }

    #[test]
    fn names_differ() {
        let mut names = names();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
