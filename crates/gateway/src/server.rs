//! Connections: accepting, limits, HTTP/1.1 and HTTP/2, and the way out.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, HeaderName, HeaderValue, ORIGIN, SERVER};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use wire::ByteStream;

use crate::access_log::{Entry, Line};
use crate::admin::{Admin, AdminRequest, MAX_BODY, is_admin};
use crate::answer::{Gateway, Head};
use crate::arriving::Arriving;
use crate::date::date;
use crate::limits::Limits;
use crate::outgoing::Outgoing;
use crate::read::BodyMemory;
use crate::shards::Shards;
use crate::writes::Writes;

/// Why serving ended before it was told to.
#[derive(Debug)]
pub struct ServeError(io::Error);

impl std::fmt::Display for ServeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the listener failed: {}", self.0)
    }
}

impl std::error::Error for ServeError {}

/// After a failure to accept that the next try may not have (no file descriptors left, above all).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

static REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Serves a listener until `stop` resolves; then lets the requests in flight finish, for at most
/// [`Limits::drain`].
pub async fn serve(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    admin: Arc<dyn Admin>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError)?;
    let limits = gateway.limits;
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let http = Arc::new(http(&limits));
    let admin_memory = BodyMemory::new(&limits);
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let shards = Shards::start(cores).map_err(ServeError)?;
    let mut stop = pin!(stop);
    loop {
        // A place first: without one, connections wait in the listen queue.
        let place = tokio::select! {
            biased;
            () = &mut stop => break,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_passing(&error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
            Err(error) => return Err(ServeError(error)),
        };
        let front = Front {
            gateway: gateway.clone(),
            admin: admin.clone(),
            memory: admin_memory.clone(),
            address,
            peer,
        };
        let watcher = graceful.watcher();
        let http = http.clone();
        // The stream leaves this runtime for that of its thread.
        let stream = match stream.into_std() {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                continue;
            }
        };
        shards.spawn(async move {
            let _place = place;
            match TcpStream::from_std(stream) {
                Ok(stream) => {
                    // Answers are written in one piece; waiting for more would only delay them.
                    let _ = stream.set_nodelay(true);
                    connection(stream, &http, front, Some(watcher)).await;
                }
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests in flight did not finish in time");
    }
    Ok(())
}

/// Without `pipeline_flush`: that would keep the answer to a head that cannot be read for ever.
fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_wait)
        .max_buf_size(limits.header_bytes);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes as u32)
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval(limits.header_wait)
        .keep_alive_timeout(limits.header_wait);
    http
}

/// Serves one connection that is there already, from `peer` to the listener at `address`, until it ends: for tests and
/// benchmarks that need no network.
pub async fn serve_stream(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    (address, peer): (SocketAddr, SocketAddr),
    gateway: Arc<Gateway>,
    admin: Arc<dyn Admin>,
) {
    let (http, memory) = (http(&gateway.limits), BodyMemory::new(&gateway.limits));
    connection(stream, &http, Front { gateway, admin, memory, address, peer }, None).await;
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    http: &auto::Builder<TokioExecutor>,
    front: Front,
    watcher: Option<Watcher>,
) {
    let (peer, wait) = (front.peer, front.gateway.limits.body_wait);
    let front = Arc::new(front);
    let service = service_fn(move |request| {
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.respond(request).await) }
    });
    let stream = TokioIo::new(Writes::new(stream, wait));
    let serving = http.serve_connection(stream, service).into_owned();
    let served = match watcher {
        Some(watcher) => watcher.watch(serving).await,
        None => serving.await,
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

/// Errors of `accept` that concern one connection, or pass.
fn is_passing(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, OutOfMemory};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | OutOfMemory
    ) || matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

/// What one connection's requests meet first.
struct Front {
    gateway: Arc<Gateway>,
    admin: Arc<dyn Admin>,
    memory: BodyMemory,
    address: SocketAddr,
    peer: SocketAddr,
}

impl Front {
    async fn respond(&self, request: Request<Incoming>) -> Response<Outgoing> {
        let (mut parts, body) = request.into_parts();
        let (body, expectation) = Arriving::behind(&parts, body);
        host_from_target(&mut parts);
        let request_id = self.gateway.request_id();
        let mut log = Entry::new(self.peer);
        let answer = if is_admin(parts.uri.path()) {
            (self.answer_admin(&parts, body).await, None)
        } else {
            let head = Head {
                parts: &parts,
                listener: self.address,
                peer: self.peer,
                request_id: request_id.clone(),
            };
            let answer = self.gateway.answer(head, body, &mut log).await;
            (answer.response, answer.body)
        };
        let (response, stream) = answer;
        let mut response = self.finish(response, stream, &parts, log, &request_id);
        expectation.settle(response.headers_mut());
        response
    }

    async fn answer_admin(&self, parts: &http::request::Parts, body: Arriving<Incoming>) -> wire::Response {
        // A page of a foreign site can make a browser send requests here, but not without saying where it is from.
        if parts.method != Method::GET && parts.headers.contains_key(ORIGIN) {
            return json(403, "{\"message\":\"Web pages may not do this.\"}".to_owned());
        }
        let limits = Limits { body_bytes: MAX_BODY, ..self.gateway.limits };
        let Ok(held) = self.memory.read(body, &limits).await else {
            return json(413, "{\"message\":\"The request cannot be read.\"}".to_owned());
        };
        let request = AdminRequest {
            method: &parts.method,
            path: parts.uri.path(),
            body: held.bytes.clone(),
            local: self.address.ip().is_loopback() && self.peer.ip().is_loopback(),
        };
        match self.admin.answer(request).await {
            Some(answer) => json(answer.status, answer.body),
            None => json(404, "{\"message\":\"There is nothing at this path.\"}".to_owned()),
        }
    }

    /// Adds what every response has, and sends what body it may have.
    fn finish(
        &self,
        answer: wire::Response,
        stream: Option<ByteStream>,
        parts: &http::request::Parts,
        log: Entry,
        request_id: &str,
    ) -> Response<Outgoing> {
        let wire::Response { status, mut headers, mut body } = answer;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        headers.insert(SERVER, HeaderValue::from_static("Cloudlet"));
        // S3's answers have it by S3's own name, and clients look there only where the common one is not.
        if !headers.contains_key("x-amz-request-id")
            && let Ok(id) = HeaderValue::from_str(request_id)
        {
            headers.insert(REQUEST_ID.clone(), id);
        }
        // Clients correct their clocks by this, so it has to be the time that everything here goes by.
        if let Some(date) = date(self.gateway.clock().now()) {
            headers.insert(DATE, date);
        }
        let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let line = |log| Line::new(log, method, path, status.as_u16(), request_id);
        let coming = stream.filter(|stream| match stream.take_held() {
            Some(held) => {
                body = held;
                false
            }
            None => true,
        });
        let outgoing = match coming {
            _ if bodiless => {
                headers.remove(CONTENT_LENGTH);
                Outgoing::whole(Bytes::new())
            }
            // What an answer to HEAD says of its length is of the body that it has not.
            _ if parts.method == Method::HEAD => Outgoing::whole(Bytes::new()),
            Some(stream) => {
                let bound = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
                let length = stream.length().or(bound);
                if let Some(length) = length {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
                }
                return response(status, headers, Outgoing::stream(&stream, length, line(log)));
            }
            None => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
                Outgoing::whole(body)
            }
        };
        log.write(method, path, status.as_u16(), outgoing.size_hint().lower(), request_id);
        response(status, headers, outgoing)
    }
}

fn response(status: StatusCode, headers: HeaderMap, body: Outgoing) -> Response<Outgoing> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn json(status: u16, body: String) -> wire::Response {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    wire::Response { status, headers, body: body.into() }
}

/// HTTP/2's `:authority` and the authority of an absolute-form target are the host; everything behind reads it
/// from the header.
fn host_from_target(parts: &mut http::request::Parts) {
    let Some(authority) = parts.uri.authority() else { return };
    if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
        parts.headers.insert(HOST, host);
    }
    let relative = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    parts.uri = relative.parse().unwrap_or_else(|_| Uri::from_static("/"));
}
