use std::io::{BufRead, BufReader, Read, Result, Write};

use serde_json::Value;

/// What a server answered.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Response {
    /// # Panics
    /// When the body is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let Self { status, body } = self;
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {status} {body}"))
    }
}

/// A request as kube-apiserver 1.36 sends it, but that it asks for the connection to be closed. A path
/// without a query gets the usual one.
pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let usual = if path.contains('?') {
        ""
    } else {
        "?timeout=10s"
    };
    let head = format!(
        "POST {path}{usual} HTTP/1.1\r\n\
         Host: 127.0.0.1\r\n\
         User-Agent: kube-apiserver-admission\r\n\
         Content-Length: {}\r\n\
         Accept: application/json, */*\r\n\
         Content-Type: application/json\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The answer to a request that asked for the connection to be closed.
pub(crate) fn read_response(stream: &mut impl Read) -> Response {
    let mut reader = BufReader::new(stream);
    let (status, body) = read_message(&mut reader)
        .expect("a response")
        .expect("a response");
    let code = status
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok());
    Response {
        status: code.unwrap_or_else(|| panic!("`{status}` is no status line")),
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// Answers every request of a connection until the client ends it.
pub(crate) fn serve(stream: impl Read + Write, answer: &dyn Fn(&[u8]) -> Vec<u8>) -> Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some((_, body)) = read_message(&mut reader)? {
        let body = answer(&body);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = reader.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)?;
        stream.flush()?;
    }
    Ok(())
}

/// The first line and the body of the next message; `None` where the connection ended before it.
fn read_message(reader: &mut impl BufRead) -> Result<Option<(String, Vec<u8>)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut body = vec![0; content_length(reader)?];
    reader.read_exact(&mut body)?;
    Ok(Some((first.trim_end().to_owned(), body)))
}

/// Reads the headers. No client and no server of these tests sends chunks.
fn content_length(reader: &mut impl BufRead) -> Result<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            Some(_) => {}
            None => return Ok(length),
        }
    }
}
