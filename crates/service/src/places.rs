//! The accounts and regions that have rows of a service.

use store::{Error, KeyRange, KeyReader, KeyWriter, RangeOptions, Store, prefix_end};

/// Walks through all keys by leaps: two or three reads for each account and region, however much lies between.
pub fn places(store: &Store, service: &str) -> Result<Vec<(String, String)>, Error> {
    let mut places = Vec::new();
    let mut range = KeyRange::all();
    loop {
        let page = store.snapshot().range(range.clone(), RangeOptions::limit(1))?;
        let Some((key, _)) = page.entries.first() else { return Ok(places) };
        let mut reader = KeyReader::new(key);
        let (Ok(account), Ok(region)) = (reader.str(), reader.str()) else {
            range = range.after(key);
            continue;
        };
        let here = KeyWriter::new().str(&account).str(&region);
        let ours = KeyWriter::from_prefix(here.as_slice()).str(service);
        let found = store.snapshot().range(KeyRange::prefix(ours.as_slice()), RangeOptions::limit(1))?;
        if !found.entries.is_empty() {
            places.push((account.into_owned(), region.into_owned()));
        }
        range.start = prefix_end(here.as_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finds_ours_between_others() {
        let store = Store::in_memory(store::Options::default());
        let key = |parts: &[&str]| parts.iter().fold(KeyWriter::new(), |key, part| key.str(part)).finish();
        let mut tx = store.begin();
        for parts in [
            ["1", "r", "dynamodb", "x"],
            ["1", "r", "sqs", "q"],
            ["1", "s", "s3", "x"],
            ["2", "", "iam", "x"],
            ["2", "r", "sqs", "q"],
            ["3", "r", "sqsx", "q"],
        ] {
            tx.put(key(&parts), "");
        }
        tx.put(KeyWriter::new().u64(5).finish(), "");
        tx.commit().await.unwrap();
        let expected = [("1", "r"), ("2", "r")].map(|(a, r)| (a.to_string(), r.to_string()));
        assert_eq!(places(&store, "sqs").unwrap(), expected);
    }
}
