//! A mail server that misbehaves on request, and writes down what it hears.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What the server does when it hears a verb. The greeting is heard as `CONNECT`, the final dot as `DOT`.
#[derive(Clone, Copy)]
pub enum Act {
    /// Answers this instead.
    Say(&'static str),
    /// Answers nothing, ever.
    Hang,
    /// Answers one byte every 50 ms, for ever.
    Drip,
    /// Closes the connection.
    Drop,
    /// Answers this and closes the connection.
    SayAndDrop(&'static str),
}

/// How the server speaks TLS.
#[derive(Clone, Default)]
pub enum Tls {
    #[default]
    None,
    Upgrade(TlsAcceptor),
    Implicit(TlsAcceptor),
}

#[derive(Clone, Default)]
pub struct Script {
    pub acts: HashMap<&'static str, Act>,
    pub offers: Vec<&'static str>,
    pub tls: Tls,
}

impl Script {
    pub fn on(verb: &'static str, act: Act) -> Self {
        Self { acts: HashMap::from([(verb, act)]), ..Self::default() }
    }
}

pub struct Server {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                socket.set_nodelay(true).unwrap();
                let (script, notes) = (script.clone(), Arc::clone(&notes));
                tokio::spawn(async move {
                    match script.tls.clone() {
                        Tls::Implicit(acceptor) => {
                            if let Ok(stream) = acceptor.accept(socket).await {
                                converse(BufReader::new(stream), &script, &notes, true).await;
                            }
                        }
                        Tls::None => drop(converse(BufReader::new(socket), &script, &notes, true).await),
                        Tls::Upgrade(acceptor) => {
                            let Some(io) = converse(BufReader::new(socket), &script, &notes, true).await else { return };
                            if let Ok(stream) = acceptor.accept(io.into_inner()).await {
                                notes.lock().unwrap().push("(encrypted)".to_owned());
                                converse(BufReader::new(stream), &script, &notes, false).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, heard, task }
    }

    /// Every line heard so far, bodies as `DOT <body>`.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The verbs alone.
    pub fn verbs(&self) -> Vec<String> {
        self.heard().iter().map(|line| line.split([' ', '\r']).next().unwrap().to_owned()).collect()
    }

    /// Writes something of the test's own among what is heard.
    pub fn note(&self, what: &str) {
        self.heard.lock().unwrap().push(what.to_owned());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Gives the stream back when STARTTLS has been agreed.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut io: BufReader<S>,
    script: &Script,
    heard: &Mutex<Vec<String>>,
    greet: bool,
) -> Option<BufReader<S>> {
    if greet && !act(&mut io, script, "CONNECT", "220 relay.test ESMTP\r\n").await {
        return None;
    }
    loop {
        let mut line = String::new();
        if io.read_line(&mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        heard.lock().unwrap().push(line.trim_end().to_owned());
        let verb = line.split_whitespace().next().unwrap_or_default().to_uppercase();
        let offers: String = script.offers.iter().map(|o| format!("250-{o}\r\n")).collect();
        let usual = match verb.as_str() {
            "EHLO" => format!("250-relay.test\r\n{offers}250 8BITMIME\r\n"),
            "STARTTLS" => "220 go ahead\r\n".to_owned(),
            "AUTH" => "235 2.7.0 welcome\r\n".to_owned(),
            "DATA" => "354 go on\r\n".to_owned(),
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "250 2.0.0 fine\r\n".to_owned(),
        };
        if !act(&mut io, script, &verb, &usual).await {
            return None;
        }
        let refused = matches!(script.acts.get(verb.as_str()), Some(Act::Say(s)) if !s.starts_with(['2', '3']));
        match verb.as_str() {
            "DATA" if !refused => {
                let body = body(&mut io).await?;
                heard.lock().unwrap().push(format!("DOT {body}"));
                if !act(&mut io, script, "DOT", "250 2.0.0 queued\r\n").await {
                    return None;
                }
            }
            "STARTTLS" if !refused => return Some(io),
            "QUIT" => return None,
            _ => {}
        }
    }
}

async fn body<S: AsyncRead + Unpin>(io: &mut BufReader<S>) -> Option<String> {
    let mut body = Vec::new();
    while !body.ends_with(b"\r\n.\r\n") {
        if io.read_until(b'\n', &mut body).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    Some(String::from_utf8(body).unwrap())
}

/// Whether the conversation goes on.
async fn act<S: AsyncRead + AsyncWrite + Unpin>(io: &mut BufReader<S>, script: &Script, verb: &str, usual: &str) -> bool {
    match script.acts.get(verb) {
        None => io.write_all(usual.as_bytes()).await.is_ok() && io.flush().await.is_ok(),
        Some(Act::Say(text)) => io.write_all(text.as_bytes()).await.is_ok() && io.flush().await.is_ok(),
        Some(Act::Drop) => false,
        Some(Act::SayAndDrop(text)) => {
            let _ = io.write_all(text.as_bytes()).await;
            let _ = io.flush().await;
            false
        }
        Some(Act::Hang) => {
            // Reads on, so that the client is not held up by a full buffer and must decide by the clock.
            let mut sink = [0; 4096];
            while io.read(&mut sink).await.is_ok_and(|n| n > 0) {}
            false
        }
        Some(Act::Drip) => {
            while io.write_all(b"2").await.is_ok() && io.flush().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            false
        }
    }
}
