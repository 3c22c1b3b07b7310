//! The few plaintext lines before STARTTLS, in our own hands: nothing read here survives into the encrypted conversation.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::{LinkFault, Phase, SendOutcome, outcome::enhanced_code};

const LINE_CAP: u64 = 1000;
const LINES_CAP: usize = 100;

struct Reply {
    code: u16,
    lines: Vec<String>,
}

/// Greets the server and asks for TLS. Gives the bare socket back, ready for the handshake.
///
/// Refuses a server that does not offer STARTTLS, and one that has sent anything beyond its reply (CVE-2021-38371 and its
/// kin: injected plaintext would be read as if it had come encrypted).
pub(super) async fn ask_for_tls(socket: TcpStream, hello: &str, limit: Duration) -> Result<TcpStream, SendOutcome> {
    let mut io = BufReader::new(socket);
    expect(exchange(&mut io, None, Phase::Greeting, limit).await?, 220, Phase::Greeting)?;
    let hello = exchange(&mut io, Some(&format!("EHLO {hello}\r\n")), Phase::Hello, limit).await?;
    let offers = expect(hello, 250, Phase::Hello)?;
    if !offers.lines.iter().any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(SendOutcome::Unreachable { fault: LinkFault::StartTlsMissing });
    }
    expect(exchange(&mut io, Some("STARTTLS\r\n"), Phase::Tls, limit).await?, 220, Phase::Tls)?;
    if !io.buffer().is_empty() {
        return Err(SendOutcome::Unreachable { fault: LinkFault::StartTlsInjected });
    }
    Ok(io.into_inner())
}

fn expect(reply: Reply, code: u16, phase: Phase) -> Result<Reply, SendOutcome> {
    if reply.code == code {
        return Ok(reply);
    }
    let enhanced = reply.lines.first().and_then(|text| enhanced_code(text));
    Err(SendOutcome::by_code(reply.code, enhanced, phase))
}

async fn exchange(io: &mut BufReader<TcpStream>, command: Option<&str>, phase: Phase, limit: Duration) -> Result<Reply, SendOutcome> {
    let talk = async {
        if let Some(command) = command {
            io.get_mut().write_all(command.as_bytes()).await?;
        }
        read_reply(io).await
    };
    match timeout(limit, talk).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(_)) => Err(SendOutcome::broken(phase)),
        Err(_) => Err(SendOutcome::timeout(phase)),
    }
}

async fn read_reply(io: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let mut lines = Vec::new();
    while lines.len() < LINES_CAP {
        let mut line = Vec::new();
        io.take(LINE_CAP).read_until(b'\n', &mut line).await?;
        let line = line.strip_suffix(b"\r\n").and_then(|l| str::from_utf8(l).ok()).ok_or_else(bad)?;
        let code: u16 = line.get(..3).filter(|c| c.bytes().all(|b| b.is_ascii_digit())).and_then(|c| c.parse().ok()).ok_or_else(bad)?;
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        match line.as_bytes().get(3) {
            None | Some(b' ') => return Ok(Reply { code, lines }),
            Some(b'-') => {}
            Some(_) => return Err(bad()),
        }
    }
    Err(bad())
}
