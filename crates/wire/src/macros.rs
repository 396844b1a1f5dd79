//! What generated types have in common: access to their members by index.

/// Implements [`crate::Structure`], [`crate::Value`] and `Debug` for a structure, given its schema and its fields
/// in the schema's order.
#[macro_export]
macro_rules! structure {
    ($type:ident, $schema:path, { $($i:literal : $field:ident),* $(,)? }) => {
        impl $crate::Structure for $type {
            fn schema(&self) -> &'static $crate::Schema {
                &$schema
            }
            fn get(&self, i: usize) -> &dyn $crate::Value {
                match i {
                    $($i => &self.$field,)*
                    _ => unreachable!("the schema has no member {i}"),
                }
            }
            fn get_mut(&mut self, i: usize) -> &mut dyn $crate::Value {
                match i {
                    $($i => &mut self.$field,)*
                    _ => unreachable!("the schema has no member {i}"),
                }
            }
        }

        impl $crate::Value for $type {
            fn view(&self) -> $crate::View<'_> {
                $crate::View::Struct(self)
            }
            fn slot(&mut self) -> $crate::Slot<'_> {
                $crate::Slot::Struct(self)
            }
        }

        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::debug_structure(self, f)
            }
        }
    };
}

/// Implements [`crate::UnionValue`] and [`crate::Value`] for a union, whose variants hold the members.
#[macro_export]
macro_rules! union {
    ($type:ident, $schema:path, { $($i:literal : $variant:ident),* $(,)? }) => {
        impl $crate::UnionValue for $type {
            fn schema(&self) -> &'static $crate::Schema {
                &$schema
            }
            fn active(&self) -> Option<(usize, &dyn $crate::Value)> {
                match self {
                    Self::Unset => None,
                    $(Self::$variant(value) => Some(($i, value)),)*
                }
            }
            fn select(&mut self, i: usize) -> &mut dyn $crate::Value {
                *self = match i {
                    $($i => Self::$variant(Default::default()),)*
                    _ => unreachable!("the schema has no member {i}"),
                };
                match self {
                    $(Self::$variant(value) => value,)*
                    Self::Unset => unreachable!("a member was just set"),
                }
            }
        }

        impl $crate::Value for $type {
            fn view(&self) -> $crate::View<'_> {
                $crate::View::Union(self)
            }
            fn slot(&mut self) -> $crate::Slot<'_> {
                $crate::Slot::Union(self)
            }
        }
    };
}

/// Implements [`crate::Enum`] for an enumeration, given the text of each value in the model's order.
#[macro_export]
macro_rules! enumeration {
    ($type:ident, { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $crate::Enum for $type {
            const VALUES: &'static [(&'static str, Self)] = &[$(($text, Self::$variant)),*];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}
