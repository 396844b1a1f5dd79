//! Cases that say nothing about a server.

/// Why a case does not apply.
pub fn reason(side: &str, id: &str) -> Option<&'static str> {
    groups(side).iter().find(|(_, ids)| ids.contains(&id)).map(|(reason, _)| *reason)
}

/// Every listed case of a side.
pub fn listed(side: &str) -> impl Iterator<Item = &'static str> {
    groups(side).iter().flat_map(|(_, ids)| ids.iter().copied())
}

type Group = (&'static str, &'static [&'static str]);

fn groups(side: &str) -> &'static [Group] {
    if side == "input" { INPUT } else { OUTPUT }
}

const INPUT: &[Group] = &[
    (
        "the body is compressed by the client and not given",
        &[
            "SDKAppliedContentEncoding_ec2Query",
            "SDKAppliedContentEncoding_awsJson1_0",
            "SDKAppliedContentEncoding_awsJson1_1",
            "SDKAppliedContentEncoding_awsQuery",
            "SDKAppliedContentEncoding_restJson1",
            "SDKAppliedContentEncoding_restXml",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
            "SDKAppendedGzipAfterProvidedEncoding_restJson1",
            "SDKAppendedGzipAfterProvidedEncoding_restXml",
        ],
    ),
    (
        "the client sends nothing for an empty list or map, so the server sees an absent one",
        &[
            "Ec2EmptyQueryLists",
            "QueryEmptyQueryMaps",
            "RestJsonHttpPrefixHeadersAreNotPresent",
            "RestJsonOmitsEmptyListQueryValues",
            "HttpPrefixHeadersAreNotPresent",
        ],
    ),
    (
        "the client sends an empty document for an absent payload, so the server sees an empty one",
        &["RestJsonHttpWithEmptyStructurePayload", "RestJsonHttpWithHeadersButNoPayload"],
    ),
    (
        "a server puts every query parameter into a map of them, a client only what no other member holds",
        &[
            "RestJsonQueryParamsStringListMap",
            "RestJsonQueryPrecedence",
            "AllQueryStringTypes",
            "RestXmlQueryStringEscaping",
            "RestXmlSupportsNaNFloatQueryValues",
            "RestXmlSupportsInfinityFloatQueryValues",
            "RestXmlSupportsNegativeInfinityFloatQueryValues",
            "RestXmlZeroAndFalseQueryValues",
            "RestXmlQueryParamsStringListMap",
            "RestXmlQueryPrecedence",
        ],
    ),
    (
        "the client was given an endpoint with a path, which a proxy would take off again",
        &["RestJsonHostWithPath"],
    ),
];

const OUTPUT: &[Group] = &[
    (
        "clients understand other offsets, but a server writes UTC",
        &[
            "Ec2QueryDateTimeWithNegativeOffset",
            "Ec2QueryDateTimeWithPositiveOffset",
            "AwsJson11DateTimeWithNegativeOffset",
            "AwsJson11DateTimeWithPositiveOffset",
            "AwsQueryDateTimeWithNegativeOffset",
            "AwsQueryDateTimeWithPositiveOffset",
            "RestJsonDateTimeWithNegativeOffset",
            "RestJsonDateTimeWithPositiveOffset",
            "RestXmlDateTimeWithNegativeOffset",
            "RestXmlDateTimeWithPositiveOffset",
        ],
    ),
    (
        "clients skip members that they do not know, but a server writes only those of the model",
        &[
            "handles_unexpected_json_output",
            "AwsJson10HandlesUnexpectedJsonOutput",
            "AwsJson11DeserializeIgnoreType",
            "AwsJson10DeserializeIgnoreType",
            "RestJsonDeserializeIgnoreType",
            "RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients",
        ],
    ),
    (
        "clients read null as absent, but a server leaves out what is absent",
        &[
            "AwsJson11StructuresDontDeserializeNullValues",
            "AwsJson10DeserializeAllowNulls",
            "RestJsonDeserializesDenseSetMapAndSkipsNull",
            "RestJsonDoesntDeserializeNullStructureValues",
            "RpcV2CborDeserializesDenseSetMapAndSkipsNull",
            "RpcV2CborClientDoesntDeserializeNullStructureValues",
        ],
    ),
    (
        "the response has a text or a member of the error that the error is not given",
        &["Ec2ComplexError", "InvalidGreetingError", "ComplexError"],
    ),
    ("the response has a header of requests", &["AwsJson11IntEnums"]),
    (
        "the request's id is put into its header above the protocols",
        &["parses_the_request_id_from_the_response"],
    ),
    (
        "the model's one status is that of the query protocol, and the newer one's is not given",
        &["QueryCompatibleAwsJson10CustomCodeError", "QueryCompatibleRpcV2CborCustomCodeError"],
    ),
    (
        "a body that is empty has no type",
        &["RestXmlHttpResponseCode", "NoOutputClientAllowsEmptyCbor", "NoOutputClientAllowsEmptyBody"],
    ),
    (
        "in this protocol an output without members is an empty map, not nothing",
        &["RpcV2CborPayloadWithUnsetUnion"],
    ),
];
