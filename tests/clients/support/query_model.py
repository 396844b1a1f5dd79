"""A boto3 that speaks SQS's query protocol.

Since 2023 the stock client speaks JSON. Its model still has the query protocol's flat lists and maps, but no
longer their names; those are given here, and the result is loaded in the place of the stock model.
"""

import atexit
import functools
import gzip
import json
import pathlib
import shutil
import tempfile

import botocore
import botocore.session

# How entries of lists are called, by the list's shape.
ENTRIES = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}

# How a map's entries, keys and values are called.
MAPS = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}


def query_model(model):
    """The model with the query protocol's names."""
    metadata = model["metadata"]
    metadata.update(protocol="query", protocols=["query"], xmlNamespace="http://queue.amazonaws.com/doc/2012-11-05/")
    for key in ("awsQueryCompatible", "jsonVersion", "targetPrefix"):
        metadata.pop(key, None)
    shapes = model["shapes"]
    lists = {name for name, shape in shapes.items() if shape["type"] == "list"}
    maps = {name for name, shape in shapes.items() if shape["type"] == "map"}
    unnamed = (lists - ENTRIES.keys()) | (maps - MAPS.keys())
    assert not unnamed, f"lists and maps without names in the query protocol: {unnamed}"
    for name in lists:
        shapes[name]["flattened"] = True
        shapes[name]["member"]["locationName"] = ENTRIES[name]
    for name in maps:
        _, key, value = MAPS[name]
        shapes[name]["flattened"] = True
        shapes[name]["key"]["locationName"] = key
        shapes[name]["value"]["locationName"] = value
    for shape in shapes.values():
        for member in shape.get("members", {}).values():
            if member["shape"] in MAPS:
                member["locationName"] = MAPS[member["shape"]][0]
    for operation in model["operations"].values():
        output = operation.get("output")
        if output:
            output["resultWrapper"] = operation["name"] + "Result"
    return model


@functools.cache
def query_session():
    """A session whose SQS speaks the query protocol."""
    source = pathlib.Path(botocore.__file__).parent / "data" / "sqs" / "2012-11-05" / "service-2.json.gz"
    with gzip.open(source) as file:
        model = query_model(json.load(file))
    data = pathlib.Path(tempfile.mkdtemp(prefix="cloudlet-query-model-"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    target = data / "sqs" / "2012-11-05"
    target.mkdir(parents=True)
    (target / "service-2.json").write_text(json.dumps(model))
    session = botocore.session.get_session()
    session.get_component("data_loader").search_paths.insert(0, str(data))
    return session
