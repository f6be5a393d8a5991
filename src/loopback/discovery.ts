/** The document from which Google's Python client makes its methods: what this server answers, and no more. */

interface Method {
  readonly httpMethod: 'GET' | 'POST';
  /** Of the URL, with one parameter that may hold slashes. */
  readonly path: string;
  readonly request?: true;
  readonly query?: readonly string[];
}

const PROJECT = '^projects/[^/]+$';
const ASSET = '^projects/[^/]+/assets/.*$';
const THUMBNAIL = '^projects/[^/]+/thumbnails/[^/]+$';

const PATTERNS: Readonly<Record<string, string>> = {
  'algorithms.list': PROJECT,
  'assets.get': ASSET,
  'assets.getPixels': ASSET,
  'assets.listAssets': ASSET,
  'assets.listImages': ASSET,
  'image.computePixels': PROJECT,
  'value.compute': PROJECT,
  'thumbnails.create': PROJECT,
  'thumbnails.getPixels': THUMBNAIL,
  listAssets: PROJECT,
};

const PAGES = ['pageSize', 'pageToken', 'filter', 'view'];

/** Methods of `projects` by their place in its resources. */
const METHODS: Readonly<Record<string, Method>> = {
  listAssets: { httpMethod: 'GET', path: 'v1/{+parent}:listAssets', query: PAGES },
  'algorithms.list': { httpMethod: 'GET', path: 'v1/{+project}/algorithms', query: PAGES },
  'assets.get': { httpMethod: 'GET', path: 'v1/{+name}' },
  'assets.getPixels': { httpMethod: 'POST', path: 'v1/{+name}:getPixels', request: true },
  'assets.listAssets': { httpMethod: 'GET', path: 'v1/{+parent}:listAssets', query: PAGES },
  'assets.listImages': {
    httpMethod: 'GET',
    path: 'v1/{+parent}:listImages',
    query: [...PAGES, 'startTime', 'endTime', 'region'],
  },
  'image.computePixels': {
    httpMethod: 'POST',
    path: 'v1/{+project}/image:computePixels',
    request: true,
  },
  'value.compute': { httpMethod: 'POST', path: 'v1/{+project}/value:compute', request: true },
  'thumbnails.create': { httpMethod: 'POST', path: 'v1/{+parent}/thumbnails', request: true },
  'thumbnails.getPixels': { httpMethod: 'GET', path: 'v1/{+name}:getPixels' },
};

/** @param origin of this server, such as `http://127.0.0.1:8787`. */
export function discoveryDocument(origin: string): object {
  const resources: Record<string, { methods: Record<string, object> }> = {};
  const methods: Record<string, object> = {};
  for (const [name, method] of Object.entries(METHODS)) {
    const [resource = '', verb] = name.split('.');
    const described = describe(name, method);
    if (verb === undefined) {
      methods[name] = described;
    } else {
      resources[resource] ??= { methods: {} };
      resources[resource].methods[verb] = described;
    }
  }
  return {
    kind: 'discovery#restDescription',
    discoveryVersion: 'v1',
    id: 'earthengine:v1',
    name: 'earthengine',
    version: 'v1',
    title: 'The loopback Earth Engine of smart-geocubes-native',
    protocol: 'rest',
    rootUrl: `${origin}/`,
    baseUrl: `${origin}/`,
    servicePath: '',
    basePath: '',
    batchPath: 'batch',
    version_module: true,
    parameters: {
      alt: query('The format of the reply.'),
      fields: query('Which fields of the reply are wanted; all are sent.'),
      prettyPrint: query('Whether JSON is indented; it is not.'),
      key: query('An API key; it is not looked at.'),
    },
    auth: {
      oauth2: {
        scopes: {
          'https://www.googleapis.com/auth/earthengine': { description: 'Earth Engine' },
          'https://www.googleapis.com/auth/cloud-platform': { description: 'Google Cloud' },
        },
      },
    },
    schemas: {
      Any: { id: 'Any', type: 'object', additionalProperties: { type: 'any' } },
      // The client makes `list_next` of lists whose replies have this property.
      Page: { id: 'Page', type: 'object', properties: { nextPageToken: { type: 'string' } } },
    },
    resources: { projects: { methods, resources } },
  };
}

function describe(name: string, { httpMethod, path, request, query: names = [] }: Method): object {
  const [, parameter = ''] = /\{\+(\w+)\}/.exec(path) ?? [];
  return {
    id: `earthengine.projects.${name}`,
    path,
    flatPath: path.replace('{+', '{'),
    httpMethod,
    parameterOrder: [parameter],
    parameters: {
      [parameter]: { location: 'path', required: true, type: 'string', pattern: PATTERNS[name] },
      ...Object.fromEntries(
        names.map((each) => [
          each,
          each === 'pageSize' ? { location: 'query', type: 'integer', format: 'int32' } : query(''),
        ]),
      ),
    },
    ...(request === true ? { request: { $ref: 'Any' } } : {}),
    response: { $ref: names.includes('pageToken') ? 'Page' : 'Any' },
    scopes: ['https://www.googleapis.com/auth/earthengine'],
  };
}

function query(description: string): object {
  return { location: 'query', type: 'string', description };
}
