//! The texts of refusals, as recorded from the real service.

mod common;

use common::*;
use model_sqs::Error;
use model_sqs::ops::*;
use model_sqs::types::*;

const NAME: &str = "InvalidAttributeName";
const VALUE: &str = "InvalidAttributeValue";

async fn standard() -> (World, String) {
    let w = World::new();
    let q = w.create("q", &[]).await;
    (w, q)
}

async fn fifo() -> (World, String) {
    let w = World::new();
    let q = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    (w, q)
}

#[tokio::test]
async fn bodies() {
    let (w, q) = standard().await;
    let send = |text: &str| w.run::<SendMessage>(message(&q, text));
    refused(send("").await, MISSING, "The request must contain the parameter MessageBody.");
    for text in ["\0", "\u{1}", "\u{8}", "\u{13}", "\u{ffff}"] {
        assert_eq!(refusal(send(text).await).0, "InvalidMessageContents");
    }
    send("a\r\nb").await.unwrap();
    assert_eq!(w.bodies(&q, 1).await, ["a\r\nb"], "line ends are kept");
    w.set(&q, &[("MaximumMessageSize", "1024")]).await.unwrap();
    send(&"x".repeat(1024)).await.unwrap();
    let too_long = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.";
    refused(send(&"x".repeat(1025)).await, INVALID, too_long);
    let attribute = [("abc".to_owned(), string("String", "de"))].into();
    let with_attribute = |n: usize| SendMessageInput {
        message_attributes: Some(std::collections::BTreeMap::clone(&attribute)),
        ..message(&q, &"x".repeat(n))
    };
    w.run::<SendMessage>(with_attribute(1024 - 3 - 6 - 2)).await.unwrap();
    refused(w.run::<SendMessage>(with_attribute(1024 - 3 - 6 - 1)).await, INVALID, too_long);
}

#[tokio::test]
async fn delays() {
    let (w, q) = standard().await;
    for delay in [-1, 901, 1000] {
        let input = SendMessageInput { delay_seconds: Some(delay), ..message(&q, "a") };
        let text = format!(
            "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        );
        refused(w.run::<SendMessage>(input).await, INVALID, &text);
    }
}

#[tokio::test]
async fn message_attributes() {
    let (w, q) = standard().await;
    let send = async |name: &str, value: MessageAttributeValue| {
        let message_attributes = Some([(name.to_owned(), value)].into());
        w.run::<SendMessage>(SendMessageInput { message_attributes, ..message(&q, "a") }).await
    };
    let kind = "The type of message (user) attribute 'a' is invalid. You must use only the following supported type \
                prefixes: Binary, Number, String.";
    for data_type in ["Custom", "string", "Stringx", "Str.x"] {
        refused(send("a", string(data_type, "x")).await, INVALID, kind);
    }
    for data_type in ["String", "String.json", "Number.int"] {
        send("a", string(data_type, "1")).await.unwrap();
    }
    let empty = "Message (user) attribute 'a' must contain a non-empty value of type 'String'.";
    refused(send("a", string("String", "")).await, INVALID, empty);
    let not_a_number = "Can't cast the value of message (user) attribute 'a' to a number.";
    refused(send("a", string("Number", "x")).await, INVALID, not_a_number);
    let both = MessageAttributeValue { binary_value: Some("x".into()), ..string("String", "x") };
    refused(send("a", both).await, INVALID, "Message (user) attribute 'a' must have a single value.");
    assert_eq!(refusal(send("a", string("String", "\u{1}")).await).0, INVALID);
    let list = MessageAttributeValue { string_list_values: Some(vec!["x".into()]), ..string("String", "x") };
    refused(
        send("a", list).await,
        "AWS.SimpleQueueService.UnsupportedOperation",
        "Message attribute list values in SendMessage operation are not supported.",
    );
    let empty_list = MessageAttributeValue { string_list_values: Some(vec![]), ..string("String", "x") };
    send("a", empty_list).await.unwrap();
    for name in ["AWS.x", "amazon.x", ".a", "a.", "a..b", "a!", "a§"] {
        assert_eq!(refusal(send(name, string("String", "x")).await).0, INVALID, "{name}");
    }
    send("ßøä", string("String", "x")).await.unwrap();
    let eleven = (0..11).map(|i| (format!("a{i}"), string("String", "x"))).collect();
    let input = SendMessageInput { message_attributes: Some(eleven), ..message(&q, "a") };
    let too_many = "Number of message attributes [11] exceeds the allowed maximum [10].";
    refused(w.run::<SendMessage>(input).await, INVALID, too_many);
}

#[tokio::test]
async fn ids_of_fifo_and_standard_queues() {
    let (w, q) = standard().await;
    let dedup = SendMessageInput { message_deduplication_id: Some("d".into()), ..message(&q, "a") };
    refused(
        w.run::<SendMessage>(dedup).await,
        INVALID,
        "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not \
         valid for this queue type.",
    );
    let grouped = SendMessageInput { message_group_id: Some("g".into()), ..message(&q, "a") };
    assert!(w.run::<SendMessage>(grouped).await.unwrap().sequence_number.is_none());
    assert_eq!(system(&w.receive(&q, 1).await[0], "MessageGroupId"), "g");

    let (w, q) = fifo().await;
    let no_group = SendMessageInput { message_deduplication_id: Some("d".into()), ..message(&q, "a") };
    let text = "The request must contain the parameter MessageGroupId.";
    refused(w.run::<SendMessage>(no_group).await, MISSING, text);
    let text = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                explicitly";
    refused(w.run::<SendMessage>(fifo_message(&q, "g", "", "a")).await, INVALID, text);
    for id in ["", "a b", &"x".repeat(129)] {
        let text = format!(
            "Value {id} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric \
             and punctuation characters. 1 to 128 in length."
        );
        refused(w.run::<SendMessage>(fifo_message(&q, id, "d", "a")).await, INVALID, &text);
    }
}

fn entries(q: &str, bodies: &[(&str, &str)]) -> SendMessageBatchInput {
    let entry = |(id, text): &(&str, &str)| SendMessageBatchRequestEntry {
        id: (*id).into(),
        message_body: (*text).into(),
        ..Default::default()
    };
    SendMessageBatchInput {
        queue_url: q.into(),
        entries: bodies.iter().map(entry).collect::<Vec<_>>().into(),
    }
}

#[tokio::test]
async fn batches() {
    let (w, q) = standard().await;
    let send = |bodies: &[(&str, &str)]| w.run::<SendMessageBatch>(entries(&q, bodies));
    refused(
        send(&[]).await,
        "AWS.SimpleQueueService.EmptyBatchRequest",
        "There should be at least one SendMessageBatchRequestEntry in the request.",
    );
    let missing = SendMessageBatchInput { queue_url: q.as_str().into(), ..Default::default() };
    refused(
        w.run::<SendMessageBatch>(missing).await,
        MISSING,
        "The request must contain the parameter Entries.",
    );
    let names: Vec<String> = (0..11).map(|i| i.to_string()).collect();
    let eleven: Vec<_> = names.iter().map(|id| (id.as_str(), "x")).collect();
    refused(
        send(&eleven).await,
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 11.",
    );
    refused(
        send(&[("1", "a"), ("2", "b"), ("2", "c")]).await,
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "Id 2 repeated.",
    );
    for id in ["", "a b", "ä", &"x".repeat(81)] {
        refused(
            send(&[(id, "a")]).await,
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 \
             letters long.",
        );
    }
    w.set(&q, &[("MaximumMessageSize", "1024")]).await.unwrap();
    let long = "x".repeat(1025);
    let mixed =
        send(&[("ok", "a"), ("none", ""), ("bad", "\u{1}"), ("long", &long), ("too", "b")]).await.unwrap();
    let sent: Vec<_> = mixed.successful.unwrap().into_iter().map(|entry| entry.id.unwrap()).collect();
    assert_eq!(sent, ["ok", "too"]);
    let failed = mixed.failed.unwrap();
    assert!(failed.iter().all(|entry| entry.sender_fault == Some(true)));
    let failed: Vec<_> = failed
        .into_iter()
        .map(|entry| (entry.id.unwrap(), entry.code.unwrap(), entry.message.unwrap()))
        .collect();
    assert_eq!(failed[0].1, MISSING);
    assert_eq!(
        failed[0].2,
        "The request must contain the parameter SendMessageBatchRequestEntry.2.MessageBody."
    );
    assert_eq!(failed[1].1, "InvalidMessageContents");
    let text = "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.";
    assert_eq!((failed[2].1.as_str(), failed[2].2.as_str()), (INVALID, text));
    // The queue's own limit is not that of the batch.
    let half = "x".repeat(1024);
    assert_eq!(send(&[("a", &half), ("b", &half)]).await.unwrap().successful.unwrap().len(), 2);

    let (w, q) = fifo().await;
    let text = "The request must contain the parameter MessageGroupId.";
    refused(w.run::<SendMessageBatch>(entries(&q, &[("a", "x")])).await, INVALID, text);
}

#[tokio::test]
async fn deletion_batches() {
    let (w, q) = standard().await;
    w.send(&q, "a").await;
    let taken = w.receive(&q, 1).await;
    let entry = |id: &str, handle: &str| DeleteMessageBatchRequestEntry {
        id: id.into(),
        receipt_handle: handle.into(),
    };
    let batch = |list: Vec<DeleteMessageBatchRequestEntry>| DeleteMessageBatchInput {
        queue_url: q.as_str().into(),
        entries: list.into(),
    };
    refused(
        w.run::<DeleteMessageBatch>(batch(vec![])).await,
        "AWS.SimpleQueueService.EmptyBatchRequest",
        "There should be at least one DeleteMessageBatchRequestEntry in the request.",
    );
    let list = vec![entry("a", "garbage"), entry("b", handle(&taken[0])), entry("c", "")];
    let done = w.run::<DeleteMessageBatch>(batch(list)).await.unwrap();
    assert_eq!(done.successful.unwrap()[0].id.as_deref(), Some("b"));
    let failed = done.failed.unwrap();
    assert_eq!(failed[0].code.as_deref(), Some("ReceiptHandleIsInvalid"));
    assert_eq!(
        failed[0].message.as_deref(),
        Some("The input receipt handle \"garbage\" is not a valid receipt handle.")
    );
    assert_eq!((failed[0].sender_fault, failed[1].code.as_deref()), (Some(true), Some(MISSING)));

    let hide = ChangeMessageVisibilityBatchInput { queue_url: q.as_str().into(), entries: vec![].into() };
    refused(
        w.run::<ChangeMessageVisibilityBatch>(hide).await,
        "AWS.SimpleQueueService.EmptyBatchRequest",
        "There should be at least one ChangeMessageVisibilityBatch in the request.",
    );
    let entry = |id: &str, handle: &str, timeout| ChangeMessageVisibilityBatchRequestEntry {
        id: id.into(),
        receipt_handle: handle.into(),
        visibility_timeout: timeout,
    };
    w.send(&q, "b").await;
    let taken = w.receive(&q, 1).await;
    let h = handle(&taken[0]);
    let list = vec![entry("a", h, Some(0)), entry("b", h, None), entry("c", h, Some(43201))];
    let hide = ChangeMessageVisibilityBatchInput { queue_url: q.as_str().into(), entries: list.into() };
    let done = w.run::<ChangeMessageVisibilityBatch>(hide).await.unwrap();
    assert_eq!(done.successful.unwrap().len(), 1);
    let failed = done.failed.unwrap();
    assert_eq!(
        failed[0].message.as_deref(),
        Some(
            "The request must contain the parameter \
             ChangeMessageVisibilityBatchRequestEntry.2.VisibilityTimeout."
        )
    );
    assert_eq!(
        failed[1].message.as_deref(),
        Some(
            "Value 43201 for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer \
             between 0 and 43200."
        )
    );
    assert_eq!(w.bodies(&q, 10).await, ["b"]);
}

#[tokio::test]
async fn handles() {
    let (w, q) = standard().await;
    let other = w.create("other", &[]).await;
    refused(w.delete(&q, "").await, MISSING, "The request must contain the parameter ReceiptHandle.");
    let no_timeout = ChangeMessageVisibilityInput {
        queue_url: q.as_str().into(),
        receipt_handle: "garbage".into(),
        ..Default::default()
    };
    refused(
        w.run::<ChangeMessageVisibility>(no_timeout).await,
        MISSING,
        "The request must contain the parameter VisibilityTimeout.",
    );
    let invalid = |h: &str| format!("The input receipt handle \"{h}\" is not a valid receipt handle.");
    refused(w.delete(&q, "garbage").await, "ReceiptHandleIsInvalid", &invalid("garbage"));
    w.send(&q, "a").await;
    let taken = w.receive(&q, 1).await;
    let h = handle(&taken[0]);
    refused(w.delete(&other, h).await, "ReceiptHandleIsInvalid", &invalid(h));
    for timeout in [-1, 43_201] {
        let text = format!(
            "Value {timeout} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer \
             between 0 and 43200."
        );
        refused(w.hide(&q, h, timeout).await, INVALID, &text);
    }
    let text = |v: i32| {
        format!(
            "Value {v} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is \
             beyond the limit [43200 seconds]"
        )
    };
    refused(w.hide(&q, h, 43_200).await, INVALID, &text(43_200));
    w.advance(100);
    refused(w.hide(&q, h, 43_100).await, INVALID, &text(43_100));
    w.hide(&q, h, 43_099).await.unwrap();
}

#[tokio::test]
async fn receives() {
    let (w, q) = standard().await;
    let receive = |change: fn(&mut ReceiveMessageInput)| {
        let mut input = all_of(&q);
        change(&mut input);
        w.run::<ReceiveMessage>(input)
    };
    let max = |v| {
        format!(
            "Value {v} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        )
    };
    refused(receive(|i| i.max_number_of_messages = Some(0)).await, INVALID, &max(0));
    refused(receive(|i| i.max_number_of_messages = Some(11)).await, INVALID, &max(11));
    let wait = |v| {
        format!(
            "Value {v} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
        )
    };
    refused(receive(|i| i.wait_time_seconds = Some(21)).await, INVALID, &wait(21));
    refused(receive(|i| i.wait_time_seconds = Some(-1)).await, INVALID, &wait(-1));
    refused(
        receive(|i| i.visibility_timeout = Some(43_201)).await,
        INVALID,
        "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
    );
    assert_eq!(refusal(receive(|i| i.receive_request_attempt_id = Some("a".into())).await).0, INVALID);
    assert!(receive(|i| i.message_attribute_names = Some(vec!["AWS.".into(), "..foo".into()])).await.is_ok());
}

#[tokio::test]
async fn names_of_queues() {
    let w = World::new();
    let plain = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    for name in ["a b", "a/b", "x.fifo", &"x".repeat(81)] {
        refused(w.try_create(name, &[]).await, INVALID, plain);
    }
    assert_eq!(refusal(w.try_create("q", &[("FifoQueue", "true")]).await).0, INVALID);
    let missing = "Value for parameter QueueName is invalid. Reason: Must specify a queue name.";
    refused(w.run::<CreateQueue>(CreateQueueInput::default()).await, INVALID, missing);
    refused(w.run::<GetQueueUrl>(GetQueueUrlInput::default()).await, INVALID, missing);
    let url =
        |name: &str| w.run::<GetQueueUrl>(GetQueueUrlInput { queue_name: name.into(), ..Default::default() });
    refused(url("nowhere").await, NO_QUEUE, "The specified queue does not exist.");
    let q = w.create("q", &[]).await;
    assert_eq!(url("q").await.unwrap().queue_url.unwrap(), q);
}

#[tokio::test]
async fn attribute_names_and_values() {
    let (w, q) = standard().await;
    let set = async |name: &str, value: &str| w.set(&q, &[(name, value)]).await;
    for name in ["VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "MaximumMessageSize"] {
        for value in ["", " 6", "99999999", "544.43", "-45", "true"] {
            refused(set(name, value).await, VALUE, &format!("Invalid value for the parameter {name}."));
        }
    }
    for name in
        ["Nonsense", "", "QueueArn", "CreatedTimestamp", "All", "FifoQueue", "ContentBasedDeduplication"]
    {
        refused(set(name, "true").await, NAME, &format!("Unknown Attribute {name}."));
    }
    for name in ["DeduplicationScope", "FifoThroughputLimit"] {
        let text = format!("You can specify the {name} only when FifoQueue is set to true.");
        refused(set(name, "perQueue").await, NAME, &text);
        refused(w.try_create("other", &[(name, "queue")]).await, NAME, &text);
    }
    for value in ["true2", ""] {
        refused(
            set("SqsManagedSseEnabled", value).await,
            VALUE,
            "Invalid value for the parameter SqsManagedSseEnabled.",
        );
    }
    refused(set("Policy", "{}").await, VALUE, "Invalid value for the parameter Policy.");
    refused(w.try_create("a", &[("FifoQueue", "false")]).await, NAME, "Unknown Attribute FifoQueue.");
    let none = SetQueueAttributesInput { queue_url: q.as_str().into(), attributes: Default::default() };
    refused(
        w.run::<SetQueueAttributes>(none).await,
        MISSING,
        "The request must contain the parameter Attribute.Name.",
    );
    refused(w.try_attributes(&q, &["Nonsense"]).await, NAME, "Unknown Attribute Nonsense.");
    refused(
        w.set(&q, &[("KmsMasterKeyId", "k"), ("SqsManagedSseEnabled", "true")]).await,
        NAME,
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    );

    let (w, q) = fifo().await;
    w.set(&q, &[("FifoQueue", "true")]).await.unwrap();
    refused(
        w.set(&q, &[("FifoQueue", "false")]).await,
        VALUE,
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    );
    refused(
        w.set(&q, &[("FifoThroughputLimit", "perMessageGroupId")]).await,
        VALUE,
        "Invalid value for the parameter FifoThroughputLimit. Reason: To set FifoThroughputLimit to \
         perMessageGroupId, the DeduplicationScope must be messageGroup.",
    );
    w.set(&q, &[("FifoThroughputLimit", "perMessageGroupId"), ("DeduplicationScope", "messageGroup")])
        .await
        .unwrap();
    w.set(&q, &[("FifoThroughputLimit", "perQueue")]).await.unwrap();
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let (w, q) = standard().await;
    let before = w.attributes(&q, &["All"]).await;
    w.advance(5);
    assert!(w.set(&q, &[("DelaySeconds", "7"), ("VisibilityTimeout", "-1")]).await.is_err());
    assert_eq!(w.attributes(&q, &["All"]).await, before);
    w.set(&q, &[("DelaySeconds", "7")]).await.unwrap();
    let after = w.attributes(&q, &["All"]).await;
    assert_eq!(after["LastModifiedTimestamp"], (w.clock.now().secs()).to_string());
    assert_eq!(after["CreatedTimestamp"], before["CreatedTimestamp"]);
}

#[tokio::test]
async fn redrive_policies() {
    let (w, q) = standard().await;
    w.create("dlq", &[]).await;
    w.create("dlq.fifo", &[("FifoQueue", "true")]).await;
    w.create("closed", &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)]).await;
    let set = async |json: &str| w.set(&q, &[("RedrivePolicy", json)]).await;
    for json in ["x", "[]", "1"] {
        refused(
            set(json).await,
            VALUE,
            "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
        );
    }
    let arn = w.arn("dlq");
    let cases: Vec<(String, &str)> = vec![
        ("{}".into(), "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        (
            r#"{"maxReceiveCount":1}"#.into(),
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        ),
        (
            w.redrive("dlq", 0),
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
        (w.redrive("dlq.fifo", 1), "Dead-letter queue must be same type of queue as the source.."),
        (w.redrive("nowhere", 1), "Dead letter target does not exist."),
        (
            r#"{"maxReceiveCount":1,"deadLetterTargetArn":"dlq"}"#.into(),
            "Dead-letter target ARN should be fully qualified ARN.",
        ),
        (
            format!(r#"{{"maxReceiveCount":1,"deadLetterTargetArn":"{arn}","x":1}}"#),
            "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
        ),
        (
            w.redrive("closed", 1),
            "Dead-letter queue's redrive allow policy doesn't permit this source queue.",
        ),
    ];
    for (json, reason) in cases {
        let text = format!("Value {json} for parameter RedrivePolicy is invalid. Reason: {reason}");
        refused(set(&json).await, INVALID, &text);
    }
    set(&w.redrive("q", 1)).await.unwrap();
    let padded = format!(r#"{{ "maxReceiveCount" : "5", "deadLetterTargetArn": "{arn}" }}"#);
    set(&padded).await.unwrap();
    assert_eq!(w.attributes(&q, &["RedrivePolicy"]).await["RedrivePolicy"], w.redrive("dlq", 5));

    let allow = async |json: &str| w.set(&q, &[("RedriveAllowPolicy", json)]).await;
    assert_eq!(refusal(allow(r#"{"redrivePermission":"maybe"}"#).await).0, VALUE);
    assert_eq!(refusal(allow(r#"{"redrivePermission":"byQueue"}"#).await).0, INVALID);
    assert_eq!(
        refusal(allow(r#"{"redrivePermission":"allowAll","sourceQueueArns":["a"]}"#).await).0,
        INVALID
    );
    allow(&format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{}"]}}"#, w.arn("friend")))
        .await
        .unwrap();
    w.create("friend", &[("RedrivePolicy", &w.redrive("q", 1))]).await;
    assert_eq!(refusal(w.try_create("stranger", &[("RedrivePolicy", &w.redrive("q", 1))]).await).0, INVALID);
}

#[tokio::test]
async fn permissions() {
    let (w, q) = standard().await;
    let add = |label: &str, accounts: &[&str], actions: &[&str]| {
        let list = |items: &[&str]| items.iter().map(|item| item.to_string()).collect::<Vec<_>>();
        w.run::<AddPermission>(AddPermissionInput {
            queue_url: q.as_str().into(),
            label: label.into(),
            aws_account_ids: list(accounts).into(),
            actions: list(actions).into(),
        })
    };
    let drop = |label: &str| {
        w.run::<RemovePermission>(RemovePermissionInput { queue_url: q.as_str().into(), label: label.into() })
    };
    refused(
        drop("crossaccountpermission").await,
        INVALID,
        "Value crossaccountpermission for parameter Label is invalid. Reason: can't find label.",
    );
    add("one", &["111122223333"], &["ReceiveMessage"]).await.unwrap();
    let already = "Value one for parameter Label is invalid. Reason: Already exists.";
    refused(add("one", &["111122223334"], &["ReceiveMessage"]).await, INVALID, already);
    refused(
        drop("two").await,
        INVALID,
        "Value two for parameter Label is invalid. Reason: can't find label on existing policy.",
    );
    refused(
        add("x", &["111122223333"], &["CreateQueue"]).await,
        INVALID,
        "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke \
         this action.",
    );
    refused(
        add("x", &["111122223333"], &["SendMessageBatch"]).await,
        INVALID,
        "Value SQS:SendMessageBatch for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL \
         for a list of valid actions.",
    );
    let eight = ["SendMessage"; 8];
    refused(
        add("x", &["111122223333"], &eight).await,
        "OverLimit",
        "8 Actions were found, maximum allowed is 7.",
    );
    for i in 2..=20 {
        add(&format!("s{i}"), &["111122223333"], &["*"]).await.unwrap();
    }
    let full = "21 Statements were found, maximum allowed is 20.";
    refused(add("s21", &["111122223333"], &["*"]).await, "OverLimit", full);
    for i in 2..=20 {
        drop(&format!("s{i}")).await.unwrap();
    }
    let policy = w.attributes(&q, &["Policy"]).await["Policy"].clone();
    let arn = w.arn("q");
    let expected = format!(
        "{{\"Version\":\"2008-10-17\",\"Id\":\"{arn}/SQSDefaultPolicy\",\"Statement\":[{{\"Sid\":\"one\",\"Effect\":\
         \"Allow\",\"Principal\":{{\"AWS\":\"arn:aws:iam::111122223333:root\"}},\"Action\":\"SQS:ReceiveMessage\",\
         \"Resource\":\"{arn}\"}}]}}"
    );
    assert_eq!(policy, expected);
    drop("one").await.unwrap();
    assert!(!w.attributes(&q, &["All"]).await.contains_key("Policy"));
}

#[tokio::test]
async fn tags() {
    let (w, q) = standard().await;
    let tag = |pairs: &[(&str, &str)]| {
        w.run::<TagQueue>(TagQueueInput { queue_url: q.as_str().into(), tags: texts(pairs).into() })
    };
    let list = async || {
        let input = ListQueueTagsInput { queue_url: q.as_str().into() };
        w.run::<ListQueueTags>(input).await.unwrap().tags
    };
    assert!(list().await.is_none());
    tag(&[("a", "1"), ("A", ""), ("b", "2")]).await.unwrap();
    tag(&[("a", "3")]).await.unwrap();
    assert_eq!(list().await.unwrap(), texts(&[("a", "3"), ("A", ""), ("b", "2")]));
    let untag = UntagQueueInput {
        queue_url: q.as_str().into(),
        tag_keys: vec!["a".to_owned(), "none".to_owned()].into(),
    };
    w.run::<UntagQueue>(untag).await.unwrap();
    assert_eq!(list().await.unwrap(), texts(&[("A", ""), ("b", "2")]));
    refused(tag(&[]).await, MISSING, "The request must contain the parameter Tags.");
    let names: Vec<String> = (0..49).map(|i| format!("k{i}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "v")).collect();
    refused(tag(&many).await, INVALID, "Too many tags added for queue q.");
    for (key, value) in [("", "v"), (&*"k".repeat(129), "v"), ("aws:x", "v"), ("a?", "v"), ("a", "v?")] {
        assert_eq!(refusal(tag(&[(key, value)]).await).0, INVALID, "{key}");
    }
    let input = CreateQueueInput {
        queue_name: "tagged".into(),
        tags: Some(texts(&[("x", "y")])),
        ..Default::default()
    };
    let url = w.run::<CreateQueue>(input).await.unwrap().queue_url.unwrap();
    let tags = w.run::<ListQueueTags>(ListQueueTagsInput { queue_url: url.into() }).await.unwrap().tags;
    assert_eq!(tags.unwrap(), texts(&[("x", "y")]));
}

#[tokio::test]
async fn fresh_queues_show_what_is_recorded() {
    let (w, q) = standard().await;
    let all = w.attributes(&q, &["All"]).await;
    let now = w.clock.now().secs().to_string();
    let arn = w.arn("q");
    let expected = [
        ("ApproximateNumberOfMessages", "0"),
        ("ApproximateNumberOfMessagesDelayed", "0"),
        ("ApproximateNumberOfMessagesNotVisible", "0"),
        ("CreatedTimestamp", &now),
        ("DelaySeconds", "0"),
        ("LastModifiedTimestamp", &now),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("QueueArn", &arn),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("SqsManagedSseEnabled", "true"),
        ("VisibilityTimeout", "30"),
    ];
    assert_eq!(all, texts(&expected));
    assert!(w.try_attributes(&q, &["Policy", "KmsMasterKeyId"]).await.unwrap().is_none());
    assert!(w.try_attributes(&q, &[]).await.unwrap().is_none());
    let f = w.create("f.fifo", &[("FifoQueue", "True"), ("ContentBasedDeduplication", "TRUE")]).await;
    let all = w.attributes(&f, &["All"]).await;
    assert_eq!(all.len(), 16);
    assert_eq!(
        (&*all["FifoQueue"], &*all["ContentBasedDeduplication"], &*all["DeduplicationScope"]),
        ("true", "true", "queue")
    );
}

#[tokio::test]
async fn lists_in_pages() {
    let w = World::new();
    let mut urls = Vec::new();
    for name in ["a1", "a2", "a3", "b1"] {
        urls.push(w.create(name, &[]).await);
    }
    let list = |prefix: &str, max: Option<i32>, token: Option<String>| {
        w.run::<ListQueues>(ListQueuesInput {
            queue_name_prefix: (!prefix.is_empty()).then(|| prefix.into()),
            next_token: token,
            max_results: max,
        })
    };
    assert_eq!(list("", None, None).await.unwrap().queue_urls.unwrap(), urls);
    assert!(list("A", None, None).await.unwrap().queue_urls.is_none());
    let first = list("a", Some(2), None).await.unwrap();
    assert_eq!(first.queue_urls.unwrap(), urls[..2]);
    let token = first.next_token;
    let second = list("a", Some(2), token.clone()).await.unwrap();
    assert_eq!((second.queue_urls.unwrap(), second.next_token), (urls[2..3].to_vec(), None));
    assert!(list("a", Some(3), None).await.unwrap().next_token.is_none());
    let other: Result<_, Error> = list("b", Some(2), token.clone()).await;
    assert_eq!(refusal(other).0, INVALID);
    refused(
        list("a", None, token).await,
        INVALID,
        "MaxResults is a mandatory parameter when you provide a value for NextToken.",
    );
    refused(list("a", Some(2), Some("garbage".into())).await, INVALID, "Invalid NextToken value.");

    let sources = |max, token| {
        w.run::<ListDeadLetterSourceQueues>(ListDeadLetterSourceQueuesInput {
            queue_url: "b1".into(),
            next_token: token,
            max_results: max,
        })
    };
    assert!(sources(None, None).await.unwrap().queue_urls.is_none());
    for url in &urls[..3] {
        w.set(url, &[("RedrivePolicy", &w.redrive("b1", 1))]).await.unwrap();
    }
    assert_eq!(sources(None, None).await.unwrap().queue_urls.unwrap(), urls[..3]);
    let first = sources(Some(2), None).await.unwrap();
    assert_eq!(first.queue_urls.unwrap(), urls[..2]);
    let second = sources(Some(2), first.next_token).await.unwrap();
    assert_eq!((second.queue_urls.unwrap(), second.next_token), (urls[2..3].to_vec(), None));
    w.set(&urls[0], &[("RedrivePolicy", "")]).await.unwrap();
    w.remove(&urls[1]).await.unwrap();
    assert_eq!(sources(None, None).await.unwrap().queue_urls.unwrap(), urls[2..3]);
}
