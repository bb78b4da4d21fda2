// The development server passes on what belongs to the API, which `npm run dev` names.
const target = process.env.HOLDFAST_API_URL || 'http://127.0.0.1:3000';

export default { '/api': { target, ws: true } };
