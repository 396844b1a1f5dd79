//! Global tables: tables of one name in several regions that have the same contents.
//!
//! Nothing is copied. A replica is a table of its own, whose row says that its contents are those of another region: every write in
//! any region is one commit, and is seen in all. What the replicas have in common stands in the row of each, so that a
//! request reads one row wherever it is, and is written to all rows in one transaction ([`save`]).

use store::{Record as _, Tx};

use crate::error::{Failure, corrupt};
use crate::keys::Place;
use crate::records::{Group, Images, Member, Table};

impl Table {
    /// What it needs itself of each change; nothing if it needs none.
    pub fn images(&self) -> Option<Images> {
        let stream = self.stream.as_ref().filter(|stream| stream.enabled);
        let restores = self.recovery.is_some() || !self.holds.is_empty();
        (stream.is_some() || restores).then(|| Images {
            old: restores || stream.is_some_and(|stream| stream.view.has_old()),
            new: stream.is_some_and(|stream| stream.view.has_new()),
        })
    }

    /// Days back that it or one of its replicas can be restored to.
    pub fn recovery_days(&self) -> Option<i64> {
        let members = self.members().filter_map(|member| member.recovery_days);
        members.chain(self.recovery.map(|recovery| recovery.days)).max()
    }

    /// All replicas; none of a table that is in one region.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.group.iter().flat_map(|group| &group.members)
    }

    /// The other replicas of one in this region.
    pub fn others<'t>(&'t self, region: &'t str) -> impl Iterator<Item = &'t Member> {
        self.members().filter(move |member| member.region != region)
    }

    /// Whether it was asked for as one whose regions see the same.
    pub fn is_strong(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.strong)
    }

    /// The region that is its witness.
    pub fn witness(&self) -> Option<&str> {
        self.group.as_ref().and_then(|group| group.witness.as_deref())
    }

    /// As a replica in this region knows itself.
    pub fn member(&self, region: &str, added_ms: i64, source: Option<&str>) -> Member {
        Member {
            region: region.to_owned(),
            added_ms,
            source: source.map(str::to_owned),
            images: self.images(),
            recovery_days: self.recovery.map(|recovery| recovery.days),
        }
    }

    /// Without the replica in this region; the last one is a table as any other.
    pub fn without(&mut self, region: &str) {
        self.group = self.group.take().and_then(|group| {
            let members: Vec<Member> =
                group.members.into_iter().filter(|member| member.region != region).collect();
            (members.len() > 1).then_some(Group { members, ..group })
        });
    }

    /// Takes over what replicas have in common. All else is each one's own: tags, policy, protection, class, streams, and
    /// whether it can be restored.
    pub fn share(&mut self, other: &Self) {
        self.attributes.clone_from(&other.attributes);
        self.indexes.clone_from(&other.indexes);
        self.next_index = other.next_index;
        self.billing = other.billing;
        self.ceilings = other.ceilings;
        self.warm = other.warm;
        self.time_to_live.clone_from(&other.time_to_live);
        self.holds.clone_from(&other.holds);
        self.group.clone_from(&other.group);
    }

    /// Notes in the group what the replica in this region needs.
    fn note(&mut self, region: &str) {
        let (images, recovery_days) = (self.images(), self.recovery.map(|recovery| recovery.days));
        let members = self.group.iter_mut().flat_map(|group| &mut group.members);
        for member in members.filter(|member| member.region == region) {
            (member.images, member.recovery_days) = (images, recovery_days);
        }
    }
}

/// Puts a table's row, and brings the rows of its replicas after it.
pub fn save(tx: &mut Tx, (place, name): (&Place, &str), mut record: Table) -> Result<(), Failure> {
    record.note(&place.region);
    each(tx, (place, name), &record, |other| other.share(&record))?;
    tx.put(place.table(name), record.encode());
    Ok(())
}

/// Changes the rows of a table's replicas, but its own.
pub fn each(
    tx: &mut Tx,
    (place, name): (&Place, &str),
    record: &Table,
    change: impl Fn(&mut Table),
) -> Result<(), Failure> {
    for member in record.others(&place.region) {
        let row = place.in_region(&member.region).table(name);
        let found = tx.get(&row)?.ok_or_else(|| corrupt("a replica is not there"))?;
        let mut other = Table::decode(&found)?;
        change(&mut other);
        tx.put(row, other.encode());
    }
    Ok(())
}
