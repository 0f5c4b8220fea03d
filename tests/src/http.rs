use std::{
    io::{BufRead, BufReader, Read, Result, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// Longest wait for a peer's next bytes.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Response {
    /// The value of a header; `name` in lower case.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("no `{name}`: {self:?}"), |(_, value)| value)
    }

    /// # Panics
    /// When the status is another one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// # Panics
    /// When the body is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let Self { status, body, .. } = self;
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

/// Asks a server at `HOST:PORT` without TLS. `headers` are whole lines.
///
/// # Panics
/// When it does not answer.
pub(crate) fn ask(host: &str, line: &str, headers: &[&str], body: &[u8]) -> Response {
    let headers: String = headers.iter().map(|h| format!("{h}\r\n")).collect();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(host).unwrap_or_else(|error| panic!("{host}: {error}"));
    stream
        .set_read_timeout(Some(READ_TIMEOUT))
        .expect("a time-out");
    let request = [head.as_bytes(), body].concat();
    stream.write_all(&request).expect("the request is taken");
    read_response(&mut stream)
}

/// The answer to a request that asked for the connection to be closed.
pub(crate) fn read_response(stream: &mut impl Read) -> Response {
    let mut reader = BufReader::new(stream);
    let message = read_message(&mut reader).expect("a response");
    let Message {
        first,
        headers,
        body,
    } = message.expect("a response");
    let code = first.split_whitespace().nth(1);
    let code = code.and_then(|code| code.parse().ok());
    Response {
        status: code.unwrap_or_else(|| panic!("`{first}` is no status line")),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// Answers every request of a connection until the client ends it.
pub(crate) fn serve(stream: impl Read + Write, answer: &dyn Fn(&[u8]) -> Vec<u8>) -> Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(message) = read_message(&mut reader)? {
        let body = answer(&message.body);
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

/// A request or a response.
struct Message {
    first: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The next message; `None` where the connection ended before it.
fn read_message(reader: &mut impl BufRead) -> Result<Option<Message>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let headers = read_headers(reader)?;
    let body = if is_chunked(&headers) {
        read_chunks(reader)?
    } else {
        read_bytes(reader, content_length(&headers)?)?
    };
    Ok(Some(Message {
        first: first.trim_end().to_owned(),
        headers,
        body,
    }))
}

fn read_headers(reader: &mut impl BufRead) -> Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            None => return Ok(headers),
        }
    }
}

fn is_chunked(headers: &[(String, String)]) -> bool {
    let chunked =
        |(name, value): &(String, String)| name == "transfer-encoding" && value == "chunked";
    headers.iter().any(chunked)
}

/// Each chunk after a line with its length, the last of which is 0; no server of these tests sends trailers.
///
/// Source: RFC 9112, section 7.1.
fn read_chunks(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut length = String::new();
        reader.read_line(&mut length)?;
        let length = usize::from_str_radix(length.trim_end(), 16).map_err(std::io::Error::other)?;
        body.extend(read_bytes(reader, length)?);
        reader.read_line(&mut String::new())?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_bytes(reader: &mut impl BufRead, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn content_length(headers: &[(String, String)]) -> Result<usize> {
    let length = headers.iter().rfind(|(name, _)| name == "content-length");
    match length {
        Some((_, value)) => value.parse().map_err(std::io::Error::other),
        None => Ok(0),
    }
}
