"""Lists of objects and of their versions."""

from support.s3 import bucket, etag, operation, put, versioned

KEYS = ["a", "a/b", "a/c/d", "b", "e f+g&h", "ü/1"]


def filled(account):
    name = bucket(account)
    for key in KEYS:
        put(account, name, key, key.encode())
    return name


def found(answer):
    return [entry["Key"] for entry in answer.get("Contents", [])]


def prefixes(answer):
    return [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]


@operation
def list_objects(account, call):
    name = filled(account)
    first = call("ListObjects", Bucket=name, MaxKeys=4)
    assert (found(first), first["IsTruncated"]) == (KEYS[:4], True)
    rest = call("ListObjects", Bucket=name, Marker=found(first)[-1])
    assert (found(rest), rest["IsTruncated"]) == (KEYS[4:], False)
    folders = call("ListObjects", Bucket=name, Delimiter="/")
    assert (found(folders), prefixes(folders)) == (["a", "b", "e f+g&h"], ["a/", "ü/"])
    page = call("ListObjects", Bucket=name, Delimiter="/", MaxKeys=2)
    assert (found(page), prefixes(page), page["NextMarker"]) == (["a"], ["a/"], "a/")


@operation
def list_objects_v2(account, call):
    name = filled(account)
    everything = call("ListObjectsV2", Bucket=name, FetchOwner=True)
    assert (found(everything), everything["KeyCount"], everything["IsTruncated"]) == (KEYS, len(KEYS), False)
    entry = everything["Contents"][0]
    assert (entry["ETag"], entry["Size"], entry["StorageClass"]) == (etag(b"a"), 1, "STANDARD")
    assert len(entry["Owner"]["ID"]) == 64
    pages, token = [], {}
    while token is not None:
        page = call("ListObjectsV2", Bucket=name, MaxKeys=2, **token)
        pages.append(found(page))
        assert page["IsTruncated"] == ("NextContinuationToken" in page)
        token = {"ContinuationToken": page["NextContinuationToken"]} if page["IsTruncated"] else None
    assert pages == [KEYS[:2], KEYS[2:4], KEYS[4:]]
    folder = call("ListObjectsV2", Bucket=name, Prefix="a/", Delimiter="/")
    assert (found(folder), prefixes(folder), folder["KeyCount"]) == (["a/b"], ["a/c/"], 2)
    assert found(call("ListObjectsV2", Bucket=name, StartAfter="b")) == KEYS[4:]
    assert call("ListObjectsV2", Bucket=name, Prefix="none")["KeyCount"] == 0


@operation
def list_object_versions(account, call):
    name = versioned(account)
    first = put(account, name, "a", b"1")["VersionId"]
    second = put(account, name, "a", b"22")["VersionId"]
    put(account, name, "b/c")
    marker = account.client("s3").delete_object(Bucket=name, Key="b/c")["VersionId"]
    everything = call("ListObjectVersions", Bucket=name)
    seen = [(one["Key"], one["IsLatest"], one["Size"]) for one in everything["Versions"]]
    assert seen == [("a", True, 2), ("a", False, 1), ("b/c", False, 4)]
    assert [one["VersionId"] for one in everything["Versions"][:2]] == [second, first]
    [found] = everything["DeleteMarkers"]
    assert (found["Key"], found["VersionId"], found["IsLatest"]) == ("b/c", marker, True)
    page = call("ListObjectVersions", Bucket=name, MaxKeys=1)
    assert (page["IsTruncated"], page["NextKeyMarker"], page["NextVersionIdMarker"]) == (True, "a", second)
    rest = call("ListObjectVersions", Bucket=name, KeyMarker="a", VersionIdMarker=second)
    assert [one["VersionId"] for one in rest["Versions"][:1]] == [first]
    assert prefixes(call("ListObjectVersions", Bucket=name, Delimiter="/")) == ["b/"]
