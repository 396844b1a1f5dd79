//! A handler is reached by an authorised caller with a valid input, and by nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::{Call, Endpoint, Principal, Timestamp};
use model_sqs::types::{DeleteQueueInput, DeleteQueueOutput, ListQueuesInput};
use model_sqs::{Error, SERVICE, ops};
use service::{
    Allowed, Authorizer, Decided, Decision, Door, Each, Invocation, Question, Resource, Service, Target,
};
use wire::{CommonError, ServiceError, Structure};

/// Counts what was reached.
#[derive(Default)]
struct State {
    resolved: AtomicUsize,
    handled: AtomicUsize,
}

fn resolve(state: &State, call: &Call, input: &DeleteQueueInput) -> Result<Resource<String>, Error> {
    state.resolved.fetch_add(1, Ordering::Relaxed);
    if input.queue_url.as_str() == "gone" {
        return Err(Error::queue_does_not_exist("gone"));
    }
    Ok(Resource::new(call.arn(&input.queue_url), input.queue_url.to_string()))
}

async fn handle(
    state: Arc<State>,
    _: Arc<Call>,
    queue: Allowed<String>,
    _: DeleteQueueInput,
) -> Result<DeleteQueueOutput, Error> {
    assert_eq!(*queue, "q");
    state.handled.fetch_add(1, Ordering::Relaxed);
    Ok(DeleteQueueOutput {})
}

fn service(state: &Arc<State>) -> Service {
    Service::builder(&SERVICE, state.clone()).op(ops::DeleteQueue, resolve, handle).build()
}

/// Allows exactly one action on one resource.
struct Only(&'static str, &'static str);

impl Authorizer for Only {
    fn decide(&self, _: &Call, question: &Question<'_>) -> Decision {
        if question.action == self.0 && question.target.arn.as_str() == self.1 {
            Decision::Allow
        } else {
            Decision::Deny("because nothing allows it".to_owned())
        }
    }
}

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";
const ALLOWED: Only = Only("sqs:DeleteQueue", QUEUE);

fn call() -> Arc<Call> {
    Arc::new(Call {
        request_id: "id".into(),
        service: "sqs",
        operation: "DeleteQueue",
        account: "000000000000".into(),
        region: "us-east-1".into(),
        now: Timestamp::from_secs(1),
        principal: Principal::root("000000000000", "test"),
        endpoint: Endpoint { scheme: "http", authority: "localhost".into() },
        source_ip: None,
        user_agent: None,
        referer: None,
        called_via: Vec::new(),
        source: None,
    })
}

fn input(queue: &str) -> DeleteQueueInput {
    DeleteQueueInput { queue_url: queue.into() }
}

async fn delete(
    state: &Arc<State>,
    authorizer: &dyn Authorizer,
    input: DeleteQueueInput,
) -> Result<(), Error> {
    service(state).call::<ops::DeleteQueue>(authorizer, call(), input).await.map(|_| ())
}

fn code(error: &Error) -> String {
    error.fault().code(wire::Protocol::Query).to_owned()
}

#[tokio::test]
async fn the_allowed_reach_the_handler() {
    let state = Arc::new(State::default());
    delete(&state, &ALLOWED, input("q")).await.unwrap();
    assert_eq!(state.handled.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn nobody_else_does() {
    let state = Arc::new(State::default());
    for authorizer in [Only("sqs:*", QUEUE), Only("sqs:DeleteQueue", "*"), Only("sqs:SendMessage", QUEUE)] {
        let error = delete(&state, &authorizer, input("q")).await.unwrap_err();
        assert_eq!(code(&error), "AccessDenied");
    }
    assert_eq!(state.handled.load(Ordering::Relaxed), 0);
}

/// What is reached through a door needs the permission on both.
#[tokio::test]
async fn a_door_has_to_be_allowed_too() {
    const DOOR: &str = "arn:aws:sqs:us-east-1:000000000000:door";

    /// Allows the action on these resources, where the condition key of the request is seen.
    struct On(&'static [&'static str]);
    impl Authorizer for On {
        fn decide(&self, _: &Call, question: &Question<'_>) -> Decision {
            let target = question.target;
            let seen = target.keys.iter().any(|(name, _)| name == "sqs:Seen");
            match question.action == "sqs:DeleteQueue" && self.0.contains(&target.arn.as_str()) && seen {
                true => Decision::Allow,
                false => Decision::Deny("because nothing allows it".to_owned()),
            }
        }
    }

    fn through(_: &State, call: &Call, input: &DeleteQueueInput) -> Result<Resource<String>, Error> {
        let door = Door { arn: call.arn("door"), owner: call.account.clone(), policy: None };
        // What is said later counts for both.
        let target = Target::new(call.arn(&input.queue_url)).through(door).with_key("sqs:Seen", true);
        Ok(Resource::new(target, input.queue_url.to_string()))
    }

    let state = Arc::new(State::default());
    let service = Service::builder(&SERVICE, state.clone()).op(ops::DeleteQueue, through, handle).build();
    for (allowed, refused) in [(&[QUEUE][..], DOOR), (&[DOOR][..], QUEUE)] {
        let error = service
            .call::<ops::DeleteQueue>(&On(allowed), call(), input("q"))
            .await
            .map(|_| ())
            .expect_err(refused);
        let Error::Common(CommonError::AccessDenied(text)) = error else { panic!("{error:?}") };
        assert!(text.contains(refused), "{text}");
    }
    assert_eq!(state.handled.load(Ordering::Relaxed), 0);
    service.call::<ops::DeleteQueue>(&On(&[QUEUE, DOOR]), call(), input("q")).await.unwrap();
    assert_eq!(state.handled.load(Ordering::Relaxed), 1);
}

/// Of several things, the handler gets those that are allowed, and the refusals of the others.
#[tokio::test]
async fn things_are_decided_about_one_by_one() {
    fn each(_: &State, call: &Call, _: &DeleteQueueInput) -> Result<Each<&'static str, &'static str>, Error> {
        let part = |name| (Target::new(call.arn(name)), name);
        Ok(Each::new("whole", vec![part("other"), part("q"), part("door")]))
    }

    async fn take(
        state: Arc<State>,
        _: Arc<Call>,
        decided: Decided<&'static str, &'static str>,
        _: DeleteQueueInput,
    ) -> Result<DeleteQueueOutput, Error> {
        assert_eq!(decided.whole, "whole");
        let [Err(other), Ok(q), Err(door)] = &decided.parts[..] else { panic!("{:?}", decided.parts) };
        assert_eq!(**q, "q");
        for (refusal, name) in [(other, ":other because"), (door, ":door because")] {
            let CommonError::AccessDenied(text) = refusal else { panic!("{refusal:?}") };
            assert!(text.contains("sqs:DeleteQueue") && text.contains(name), "{text}");
        }
        state.handled.fetch_add(1, Ordering::Relaxed);
        Ok(DeleteQueueOutput {})
    }

    let state = Arc::new(State::default());
    let service = Service::builder(&SERVICE, state.clone()).op_each(ops::DeleteQueue, each, take).build();
    service.call::<ops::DeleteQueue>(&ALLOWED, call(), input("q")).await.unwrap();
    assert_eq!(state.handled.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_refusal_names_who_what_and_where() {
    let state = Arc::new(State::default());
    let error = delete(&state, &Only("", ""), input("q")).await.unwrap_err();
    let Error::Common(CommonError::AccessDenied(text)) = error else { panic!("{error:?}") };
    for part in ["arn:aws:iam::000000000000:root", "sqs:DeleteQueue", QUEUE, "because nothing allows it"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn an_invalid_input_is_refused_before_anything_is_looked_up() {
    let state = Arc::new(State::default());
    let error = delete(&state, &ALLOWED, DeleteQueueInput::default()).await.unwrap_err();
    assert_eq!(code(&error), "ValidationError");
    assert_eq!(state.resolved.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_resolvers_error_is_the_answer() {
    let state = Arc::new(State::default());
    let error = delete(&state, &ALLOWED, input("gone")).await.unwrap_err();
    assert_eq!(error.fault().code(wire::Protocol::Json10), "QueueDoesNotExist");
    assert_eq!(state.handled.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_not_registered_says_so() {
    let state = Arc::new(State::default());
    let service = service(&state);
    let error =
        service.call::<ops::ListQueues>(&ALLOWED, call(), ListQueuesInput::default()).await.unwrap_err();
    assert_eq!(code(&error), "NotImplemented");
    let mut fill = |_: &mut dyn Structure| -> Result<(), CommonError> { panic!("nothing is decoded") };
    let invocation = Invocation { call: call(), authorizer: &ALLOWED, fill: &mut fill };
    let failure = service.invoke("ListQueues", invocation).await.err().unwrap();
    assert_eq!(failure.fault().code(wire::Protocol::Json10), "NotImplemented");
}

#[tokio::test]
async fn an_untyped_call_takes_the_same_way() {
    let state = Arc::new(State::default());
    let mut fill = |input: &mut dyn Structure| {
        match input.get_mut(0).slot() {
            wire::Slot::Text(text) => text.set("q".to_owned()),
            _ => panic!("the queue's URL is a text"),
        }
        Ok(())
    };
    let invocation = Invocation { call: call(), authorizer: &ALLOWED, fill: &mut fill };
    assert!(service(&state).invoke("DeleteQueue", invocation).await.is_ok());
    let mut refuse = |_: &mut dyn Structure| Err(CommonError::Validation("no".into()));
    let invocation = Invocation { call: call(), authorizer: &ALLOWED, fill: &mut refuse };
    assert!(service(&state).invoke("DeleteQueue", invocation).await.is_err());
    assert_eq!(state.handled.load(Ordering::Relaxed), 1);
}
