//! SQS, whose two protocols have different names for the same things.

use http::HeaderMap;
use model_sqs::types::*;
use model_sqs::{Error, SERVICE, ops};
use wire::{
    Bytes, CommonError, DecodeError, OperationType, Protocol, Request, Response, ServiceError, Structure,
    codec,
};

fn decode<O: OperationType>(protocol: Protocol, body: &str) -> Result<O::Input, DecodeError> {
    let (headers, body) = (HeaderMap::new(), Bytes::from(body.to_owned()));
    let request =
        Request { path: "/", query: "", headers: &headers, body: &body, stream: None, params: None };
    let mut input = O::Input::default();
    codec(protocol).decode(O::descriptor(), &request, &mut input)?;
    Ok(input)
}

fn query<O: OperationType>(body: &str) -> O::Input {
    decode::<O>(Protocol::Query, body).unwrap_or_else(|e| panic!("{body}: {e}"))
}

fn encode<O: OperationType>(protocol: Protocol, output: &O::Output) -> Response {
    codec(protocol).encode(O::descriptor(), output as &dyn Structure, "the-id")
}

fn fail(protocol: Protocol, error: impl Into<Error>) -> Response {
    codec(protocol).encode_fault(&SERVICE, error.into().fault(), "the-id")
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(&response.body).expect("a text")
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.get(name).and_then(|v| v.to_str().ok())
}

#[test]
fn flattened_lists_and_maps_have_singular_names() {
    let input = query::<ops::SendMessage>(
        "QueueUrl=u&MessageBody=b&DelaySeconds=5\
         &MessageAttribute.2.Name=two&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=AQI%3D\
         &MessageAttribute.1.Name=one&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=x\
         &MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.StringValue=t\
         &MessageSystemAttribute.1.Value.DataType=String",
    );
    assert_eq!(
        (input.queue_url.as_str(), input.message_body.as_str(), input.delay_seconds),
        ("u", "b", Some(5))
    );
    let attributes = input.message_attributes.expect("attributes");
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(attributes["one"].string_value.as_deref(), Some("x"));
    assert_eq!(attributes["two"].binary_value.as_deref(), Some(&[1, 2][..]));
    assert!(input.message_system_attributes.is_some_and(|map| map.contains_key("AWSTraceHeader")));

    let input = query::<ops::ReceiveMessage>(
        "QueueUrl=u&AttributeName.1=All&MessageAttributeName.1=a&MessageAttributeName.2=b",
    );
    assert_eq!(input.message_attribute_names.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(input.attribute_names.map(|names| names.len()), Some(1));

    let input = query::<ops::SendMessageBatch>(
        "QueueUrl=u&SendMessageBatchRequestEntry.1.Id=1&SendMessageBatchRequestEntry.1.MessageBody=x\
         &SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n\
         &SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String\
         &SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v\
         &SendMessageBatchRequestEntry.2.Id=2&SendMessageBatchRequestEntry.2.MessageBody=y",
    );
    assert_eq!(input.entries.iter().map(|entry| entry.message_body.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    assert!(input.entries[0].message_attributes.as_ref().is_some_and(|map| map.contains_key("n")));

    let input = query::<ops::CreateQueue>(
        "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v",
    );
    assert_eq!(input.attributes.expect("attributes")["DelaySeconds"], "5");
    assert_eq!(input.tags.expect("tags")["k"], "v");

    let input =
        query::<ops::AddPermission>("QueueUrl=u&Label=l&AWSAccountId.1=1&AWSAccountId.2=2&ActionName.1=*");
    assert_eq!((input.aws_account_ids.len(), input.actions.len()), (2, 1));
}

#[test]
fn both_names_of_tags_are_taken() {
    for body in ["QueueUrl=u&Tag.1.Key=k&Tag.1.Value=v", "QueueUrl=u&Tags.1.Key=k&Tags.1.Value=v"] {
        assert_eq!(query::<ops::TagQueue>(body).tags.get("k").map(String::as_str), Some("v"), "{body}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for body in
        ["DelaySeconds=x", "DelaySeconds.1=5", "MessageAttribute.1.Value.DataType=String", "DelaySeconds="]
    {
        assert!(decode::<ops::SendMessage>(Protocol::Query, body).is_err(), "{body}");
    }
    let error = decode::<ops::SendMessage>(Protocol::Json10, "[]").expect_err("a list is no input");
    let response = fail(Protocol::Json10, CommonError::Malformed(error));
    assert_eq!(header(&response, "x-amzn-query-error"), Some("MalformedInput;Sender"));
}

#[test]
fn a_path_names_the_queue_where_no_parameter_does() {
    let named = |path, body: &str| {
        let (headers, body) = (HeaderMap::new(), Bytes::from(body.to_owned()));
        let request = Request { path, query: "", headers: &headers, body: &body, stream: None, params: None };
        let mut input = PurgeQueueInput::default();
        codec(Protocol::Query)
            .decode(ops::PurgeQueue::descriptor(), &request, &mut input)
            .expect("a request");
        input.queue_url.to_string()
    };
    assert_eq!(named("/123456789012/queue", ""), "/123456789012/queue");
    assert_eq!(named("/123456789012/queue", "QueueUrl=other"), "other");
    assert_eq!(named("/", ""), "");
    assert_eq!(named("/somewhere/queue", ""), "");
}

#[test]
fn answers_of_the_query_protocol() {
    let mut message =
        Message { message_id: Some("m".into()), body: Some("<b>".into()), ..Message::default() };
    message.attributes = Some([("SenderId".to_owned(), "s".to_owned())].into());
    let attribute = MessageAttributeValue {
        string_value: Some("v".into()),
        data_type: "String".into(),
        ..MessageAttributeValue::default()
    };
    message.message_attributes = Some([("n".to_owned(), attribute)].into());
    let output = ReceiveMessageOutput { messages: Some(vec![message]) };
    let response = encode::<ops::ReceiveMessage>(Protocol::Query, &output);
    assert_eq!(header(&response, "content-type"), Some("text/xml"));
    assert_eq!(
        text(&response),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ReceiveMessageResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><ReceiveMessageResult>\
         <Message><MessageId>m</MessageId><Body>&lt;b&gt;</Body>\
         <Attribute><Name>SenderId</Name><Value>s</Value></Attribute>\
         <MessageAttribute><Name>n</Name><Value><StringValue>v</StringValue><DataType>String</DataType></Value></MessageAttribute>\
         </Message></ReceiveMessageResult>\
         <ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></ReceiveMessageResponse>"
    );

    let output =
        ListQueuesOutput { queue_urls: Some(vec!["a".into(), "b".into()]), ..ListQueuesOutput::default() };
    assert!(
        text(&encode::<ops::ListQueues>(Protocol::Query, &output))
            .contains("<ListQueuesResult><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl></ListQueuesResult>")
    );
    let task = ListMessageMoveTasksResultEntry::default();
    assert!(
        text(&encode::<ops::ListMessageMoveTasks>(
            Protocol::Query,
            &ListMessageMoveTasksOutput { results: Some(vec![task]) }
        ))
        .contains("<ListMessageMoveTasksResult><ListMessageMoveTasksResultEntry>")
    );
    assert!(
        text(&encode::<ops::ReceiveMessage>(Protocol::Query, &ReceiveMessageOutput::default()))
            .contains("<ReceiveMessageResult></ReceiveMessageResult>")
    );
}

#[test]
fn answers_of_the_json_protocol() {
    let response = encode::<ops::ReceiveMessage>(Protocol::Json10, &ReceiveMessageOutput::default());
    assert_eq!((response.status, text(&response)), (200, "{}"));
    assert_eq!(header(&response, "content-type"), Some("application/x-amz-json-1.0"));
    let output = ListQueueTagsOutput { tags: Some([("k".to_owned(), "v".to_owned())].into()) };
    assert_eq!(text(&encode::<ops::ListQueueTags>(Protocol::Json10, &output)), r#"{"Tags":{"k":"v"}}"#);
}

#[test]
fn operations_without_output_answer_nothing() {
    let output = <ops::DeleteMessage as OperationType>::Output::default();
    let response = encode::<ops::DeleteMessage>(Protocol::Json10, &output);
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(header(&response, "content-type"), Some("application/x-amz-json-1.0"));
    let response = encode::<ops::DeleteMessage>(Protocol::Query, &output);
    assert!(!text(&response).contains("DeleteMessageResult"));
    assert!(text(&response).contains("<RequestId>the-id</RequestId>"));
}

#[test]
fn an_error_has_its_name_and_its_older_code() {
    let error = || Error::invalid_attribute_value("Invalid value for the parameter Policy.");
    let response = fail(Protocol::Json10, error());
    assert_eq!(response.status, 400);
    // Recorded from the service.
    assert_eq!(
        text(&response),
        r#"{"__type":"com.amazonaws.sqs#InvalidAttributeValue","message":"Invalid value for the parameter Policy."}"#
    );
    assert_eq!(header(&response, "x-amzn-query-error"), Some("InvalidAttributeValue;Sender"));

    let response = fail(Protocol::Query, error());
    assert_eq!(
        text(&response),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>\
         <Code>InvalidAttributeValue</Code><Message>Invalid value for the parameter Policy.</Message><Detail/></Error>\
         <RequestId>the-id</RequestId></ErrorResponse>"
    );
}

#[test]
fn an_unknown_queue_has_two_texts() {
    let error = || Error::queue_does_not_exist("The specified queue does not exist.");
    let response = fail(Protocol::Json10, error());
    assert!(
        text(&response)
            .contains(r##"sqs#QueueDoesNotExist","message":"The specified queue does not exist.""##)
    );
    assert_eq!(
        header(&response, "x-amzn-query-error"),
        Some("AWS.SimpleQueueService.NonExistentQueue;Sender")
    );
    let response = fail(Protocol::Query, error());
    assert!(text(&response).contains("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"));
    assert!(
        text(&response)
            .contains("<Message>The specified queue does not exist for this wsdl version.</Message>")
    );
}

#[test]
fn errors_outside_the_model_have_two_codes() {
    let cases = [
        (CommonError::UnknownOperation("t".into()), "UnknownOperationException", "InvalidAction"),
        (CommonError::NoOperation, "UnknownOperationException", "InvalidAction"),
        (CommonError::Throttling("t".into()), "ThrottlingException", "Throttling"),
        (
            CommonError::Coded {
                code: "MissingRequiredParameterException".into(),
                query_code: Some("MissingParameter"),
                status: 400,
                message: "t".into(),
            },
            "MissingRequiredParameterException",
            "MissingParameter",
        ),
    ];
    for (error, code, query_code) in cases {
        let response = fail(Protocol::Json10, error.clone());
        assert!(
            text(&response)
                .starts_with(&format!(r#"{{"__type":"com.amazon.coral.service#{code}","message":""#))
        );
        assert_eq!(header(&response, "x-amzn-query-error"), Some(format!("{query_code};Sender").as_str()));
        if error != CommonError::NoOperation {
            let response = fail(Protocol::Query, error);
            assert!(
                text(&response).contains(&format!("<Code>{query_code}</Code><Message>t</Message><Detail/>"))
            );
        }
    }
    let response = fail(Protocol::Json10, CommonError::InternalFailure);
    assert_eq!(
        (response.status, header(&response, "x-amzn-query-error")),
        (500, Some("InternalFailure;Receiver"))
    );
}

#[test]
fn a_denial_spells_its_text_with_a_capital() {
    let response = fail(Protocol::Json10, CommonError::AccessDenied("no".into()));
    assert_eq!(
        text(&response),
        r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}"#
    );
    assert_eq!(header(&response, "x-amzn-query-error"), Some("AccessDenied;Sender"));
}
