//! Address ranges of the `IpAddress` operators.

use std::net::IpAddr;

/// A range of addresses of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    network: IpAddr,
    prefix: u32,
}

impl Cidr {
    /// Reads `203.0.113.0/24`, `2001:db8::/64`, or one address alone. Bits beyond the prefix do not count.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) if !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit()) => {
                (address, Some(prefix.parse::<u32>().ok()?))
            }
            Some(_) => return None,
        };
        let network: IpAddr = address.parse().ok()?;
        let width = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        if prefix > width {
            return None;
        }
        // An IPv4 range written as IPv6 means the same hosts.
        Some(match network.to_canonical() {
            IpAddr::V4(v4) if width == 128 && prefix >= 96 => {
                Self { network: v4.into(), prefix: prefix - 96 }
            }
            _ => Self { network, prefix },
        })
    }

    /// Whether an address lies in the range. An IPv4 address that came over an IPv6 socket counts as IPv4.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                same_prefix(a.to_bits().into(), b.to_bits().into(), 32, self.prefix)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => same_prefix(a.to_bits(), b.to_bits(), 128, self.prefix),
            _ => false,
        }
    }
}

fn same_prefix(a: u128, b: u128, width: u32, prefix: u32) -> bool {
    prefix == 0 || (a ^ b) >> (width - prefix) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        let table = [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.9/24", "203.0.113.1", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "8.8.8.8", false),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5678:9::1", true),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", false),
            ("203.0.113.0/24", "::ffff:203.0.113.5", true),
            ("::ffff:203.0.113.0/120", "203.0.113.5", true),
            ("::ffff:203.0.113.0/95", "203.0.113.5", false),
            ("::1", "::1", true),
        ];
        for (range, address, expected) in table {
            let range = Cidr::parse(range).unwrap();
            assert_eq!(range.contains(address.parse().unwrap()), expected, "{range:?} {address}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in
            ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "*", "10.*"]
        {
            assert_eq!(Cidr::parse(bad), None, "{bad}");
        }
    }
}
