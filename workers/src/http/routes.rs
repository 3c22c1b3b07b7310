//! The four answers.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::HealthState;

/// On every answer. Nobody keeps it, no page shows it, no browser guesses what it is.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Prometheus' text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn router(state: HealthState) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/version", get(version))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "not_found") })
        .method_not_allowed_fallback(|| async { refusal(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed") })
        .with_state(state)
        .layer(map_response(with_headers))
}

async fn livez(State(state): State<HealthState>) -> (StatusCode, Json<Value>) {
    match state.late() {
        None => (StatusCode::OK, Json(json!({ "alive": true }))),
        Some(name) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "alive": false, "reason": "loop_late", "loop": name }))),
    }
}

async fn readyz(State(state): State<HealthState>) -> (StatusCode, Json<Value>) {
    let checks = state.checks().await;
    let ready = checks.iter().all(|c| c.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "checks": checks })))
}

async fn metrics(State(state): State<HealthState>) -> Response {
    ([(header::CONTENT_TYPE, PROMETHEUS)], state.metrics_text().await).into_response()
}

async fn version(State(state): State<HealthState>) -> Response {
    Json(state.about()).into_response()
}

fn refusal(status: StatusCode, code: &'static str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "code": code })))
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
