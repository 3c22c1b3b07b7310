//! The byte stream under lettre: a socket, bare or in TLS.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

#[derive(Debug)]
enum Io {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// Reads first what is in `ahead`, then from the socket.
#[derive(Debug)]
pub(super) struct Wire {
    io: Io,
    ahead: &'static [u8],
}

impl Wire {
    pub(super) fn plain(socket: TcpStream) -> Self {
        Self { io: Io::Plain(socket), ahead: b"" }
    }
}

/// A stream that is certain to be in TLS.
pub(super) struct EncryptedWire(Wire);

impl EncryptedWire {
    /// The server's greeting is yet to come.
    pub(super) fn ungreeted(stream: TlsStream<TcpStream>) -> Self {
        Self(Wire { io: Io::Encrypted(Box::new(stream)), ahead: b"" })
    }

    /// After STARTTLS the server waits for EHLO, and lettre for a greeting: we give it one.
    pub(super) fn greeted(stream: TlsStream<TcpStream>) -> Self {
        Self(Wire { io: Io::Encrypted(Box::new(stream)), ahead: b"220 TLS\r\n" })
    }

    /// The stream itself.
    pub(super) fn into_wire(self) -> Wire {
        self.0
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.io {
            Io::Plain(socket) => socket.peer_addr(),
            Io::Encrypted(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ahead.is_empty() {
            let (now, later) = this.ahead.split_at(this.ahead.len().min(buf.remaining()));
            buf.put_slice(now);
            this.ahead = later;
            return Poll::Ready(Ok(()));
        }
        match &mut this.io {
            Io::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Io::Encrypted(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().io {
            Io::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Io::Encrypted(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Io::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Io::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
