//! All services together: how one reaches another.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use kernel::Call;
use wire::{CommonError, OperationType};

use crate::authorize::Authorizer;
use crate::registry::Service;

/// Every service and what decides about calls to them. Services hold one before it is filled; the program fills it
/// once, when all of them are made.
#[derive(Clone, Default)]
pub struct Cloud {
    inner: Arc<OnceLock<Inner>>,
}

struct Inner {
    services: HashMap<&'static str, Service>,
    authorizer: Arc<dyn Authorizer>,
}

impl Cloud {
    /// Fills it.
    ///
    /// # Panics
    /// When it is filled already.
    pub fn fill(&self, services: Vec<Service>, authorizer: Arc<dyn Authorizer>) {
        let services = services.into_iter().map(|service| (service.model().id, service)).collect();
        assert!(self.inner.set(Inner { services, authorizer }).is_ok(), "the cloud is filled already");
    }

    /// The service with this id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.inner.get()?.services.get(id)
    }

    /// The services that are available, in the order of their names.
    pub fn services(&self) -> Vec<&Service> {
        let mut services: Vec<_> =
            self.inner.get().map(|inner| inner.services.values().collect()).unwrap_or_default();
        services.sort_by_key(|service: &&Service| service.model().id);
        services
    }

    /// What decides; nobody while the cloud is not filled.
    pub fn authorizer(&self) -> Option<&dyn Authorizer> {
        Some(&*self.inner.get()?.authorizer)
    }

    /// Runs an operation from inside, as the principal of `call` (see [`Call::forward`] and [`Call::as_service`]), with
    /// the same validation and authorisation as from outside.
    pub async fn call<O: OperationType>(
        &self,
        mut call: Call,
        input: O::Input,
    ) -> Result<O::Output, O::Error> {
        let operation = O::descriptor();
        let Some(inner) = self.inner.get() else {
            return Err(unavailable(operation).into());
        };
        let Some(service) = inner.services.get(operation.service.id) else {
            return Err(unavailable(operation).into());
        };
        (call.service, call.operation) = (operation.service.endpoint_prefix, operation.name);
        service.call::<O>(&*inner.authorizer, Arc::new(call), input).await
    }
}

fn unavailable(operation: &wire::Operation) -> CommonError {
    CommonError::NotImplemented { service: operation.service.id, operation: operation.name.to_owned() }
}
