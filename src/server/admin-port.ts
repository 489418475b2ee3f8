/** The Admin API from the server's view. Never rejects. */
export type AdminEndpoint = (request: Request, client: AdminClient) => Promise<Response>;

/** The client of a request to the Admin API. */
export interface AdminClient {
  /** Its address; '' if the connection is gone. */
  readonly address: string;
  /** Whether it uses TLS, to us or to a trusted proxy. */
  readonly isSecure: boolean;
}
