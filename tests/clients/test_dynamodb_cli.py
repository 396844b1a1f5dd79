"""DynamoDB by commands of the AWS CLI as people write them: shorthand, files, queries, pages and waits."""

import json

import pytest

from support.aws import fails


@pytest.fixture
def command(account):
    """Runs a command of `aws dynamodb`; gives what it says."""

    def run(*arguments, **options):
        text = account.aws("dynamodb", *arguments, **options)
        return json.loads(text) if text.strip().startswith(("{", "[")) else text.strip()

    return run


@pytest.fixture
def music(account, command):
    """A table made by shorthand."""
    name = account.name("music")
    made = command(
        "create-table",
        *("--table-name", name),
        *("--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=Song,AttributeType=S"),
        *("--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=Song,KeyType=RANGE"),
        *("--provisioned-throughput", "ReadCapacityUnits=5,WriteCapacityUnits=5"),
        *("--tags", "Key=team,Value=blue"),
    )
    assert made["TableDescription"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    command("wait", "table-exists", "--table-name", name)
    yield name
    command("delete-table", "--table-name", name)
    command("wait", "table-not-exists", "--table-name", name)


def song(artist, title, **more):
    return json.dumps({"Artist": {"S": artist}, "Song": {"S": title}} | more)


def test_items(account, command, music):
    table = ("--table-name", music)
    command("put-item", *table, "--item", song("Acme", "Happy", Awards={"N": "1"}))
    with fails(account, "ConditionalCheckFailedException", "The conditional request failed"):
        account.cli("dynamodb")(
            "PutItem",
            TableName=music,
            Item=json.loads(song("Acme", "Happy")),
            ConditionExpression="attribute_not_exists(Song)",
        )
    changed = command(
        "update-item",
        *table,
        *("--key", song("Acme", "Happy")),
        *("--update-expression", "SET Awards = Awards + :n, #y = :y"),
        *("--expression-attribute-names", '{"#y": "Year"}'),
        *("--expression-attribute-values", '{":n": {"N": "2"}, ":y": {"N": "2026"}}'),
        *("--return-values", "UPDATED_NEW"),
        *("--return-consumed-capacity", "TOTAL"),
    )
    assert changed["Attributes"] == {"Awards": {"N": "3"}, "Year": {"N": "2026"}}
    assert changed["ConsumedCapacity"] == {"TableName": music, "CapacityUnits": 1.0}
    got = ("get-item", *table, "--consistent-read", "--key", song("Acme", "Happy"))
    assert command(*got, "--query", "Item.Awards.N", "--output", "text") == "3"
    assert command("delete-item", *table, "--key", song("Acme", "Happy"), "--return-values", "ALL_OLD")["Attributes"]
    assert command(*got) == ""


def test_files(command, music, tmp_path):
    """A batch, and then what a query needs, out of files."""
    puts = [{"PutRequest": {"Item": json.loads(song("Acme", f"Song {n}", Price={"N": str(n)}))}} for n in range(20)]
    (tmp_path / "batch.json").write_text(json.dumps({music: puts}))
    (tmp_path / "values.json").write_text(json.dumps({":a": {"S": "Acme"}, ":s": {"S": "Song 1"}, ":p": {"N": "15"}}))
    assert command("batch-write-item", "--request-items", f"file://{tmp_path}/batch.json") == {"UnprocessedItems": {}}
    found = command(
        "query",
        *("--table-name", music),
        *("--key-condition-expression", "Artist = :a AND begins_with(Song, :s)"),
        *("--filter-expression", "Price >= :p"),
        *("--expression-attribute-values", f"file://{tmp_path}/values.json"),
        "--no-scan-index-forward",
        *("--query", "Items[].Song.S"),
    )
    assert found == [f"Song {n}" for n in range(19, 14, -1)]
    assert command("scan", "--table-name", music, "--select", "COUNT")["Count"] == 20


def test_pages(command, music):
    """The CLI's own pages: so many items, and a token to go on with."""
    for n in range(7):
        command("put-item", "--table-name", music, "--item", song("Acme", f"Song {n}"))
    scan = ("scan", "--table-name", music, "--page-size", "2", "--max-items", "3")
    first = command(*scan)
    second = command(*scan, "--starting-token", first["NextToken"])
    third = command(*scan, "--starting-token", second["NextToken"])
    titles = [[item["Song"]["S"] for item in page["Items"]] for page in (first, second, third)]
    assert titles == [["Song 0", "Song 1", "Song 2"], ["Song 3", "Song 4", "Song 5"], ["Song 6"]]
    assert "NextToken" not in third


def test_transactions(account, command, music):
    put = {"Put": {"TableName": music, "Item": json.loads(song("Acme", "One"))}}
    put["Put"]["ConditionExpression"] = "attribute_not_exists(Song)"
    token = ("--client-request-token", account.name("token"))
    wanted = ("transact-write-items", "--transact-items", json.dumps([put]))
    assert command(*wanted, *token) == ""
    assert command(*wanted, *token) == ""
    finished = account.aws("dynamodb", *wanted, check=False)
    assert finished.returncode == 255
    assert "(TransactionCanceledException)" in finished.stderr
    assert "specific reasons [ConditionalCheckFailed]" in finished.stderr
    get = {"Get": {"TableName": music, "Key": json.loads(song("Acme", "One"))}}
    found = command("transact-get-items", "--transact-items", json.dumps([get]))
    assert found["Responses"] == [{"Item": json.loads(song("Acme", "One"))}]


def test_bytes(command, music):
    """This CLI takes bytes in JSON as text, and shows them as base64."""
    command("put-item", "--table-name", music, "--item", song("Acme", "One", Cover={"B": "cover"}))
    found = command("get-item", "--table-name", music, "--key", song("Acme", "One"), "--query", "Item.Cover")
    assert found == {"B": "Y292ZXI="}


def test_changes_of_a_table(command, music):
    table = ("--table-name", music)
    index = {
        "Create": {
            "IndexName": "by-song",
            "KeySchema": [{"AttributeName": "Song", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Price"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        }
    }
    command("put-item", *table, "--item", song("Acme", "One", Price={"N": "1"}, Year={"N": "2026"}))
    command(
        "update-table",
        *table,
        *("--attribute-definitions", "AttributeName=Song,AttributeType=S"),
        *("--global-secondary-index-updates", json.dumps([index])),
    )
    command("wait", "table-exists", *table)
    command("update-time-to-live", *table, "--time-to-live-specification", "Enabled=true,AttributeName=Ends")
    assert command("describe-time-to-live", *table, "--query", "TimeToLiveDescription.TimeToLiveStatus") == '"ENABLED"'
    found = command(
        "query",
        *table,
        *("--index-name", "by-song"),
        *("--key-condition-expression", "Song = :s"),
        *("--expression-attribute-values", '{":s": {"S": "One"}}'),
        *("--query", "Items"),
    )
    assert found == [json.loads(song("Acme", "One", Price={"N": "1"}))]
    assert music in command("list-tables", "--query", "TableNames")
